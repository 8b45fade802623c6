/// Walks over the bytes of a text, once, and knows line and column at every step.
struct TextScanner {
    let bytes: [UInt8]
    private(set) var index: Int
    /// The bytes walked over so far, those walked over again included: what reading costs, without a clock.
    private(set) var steps = 0
    private var line = 1
    private var column = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // Editors of another system begin a file with a byte order mark, which says nothing in UTF-8.
        self.index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    var position: SourcePosition { SourcePosition(line: line, column: column) }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    func peek(_ distance: Int) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    func isAt(_ character: Unicode.Scalar) -> Bool {
        current == UInt8(ascii: character)
    }

    mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where index < bytes.count {
            let byte = bytes[index]
            index += 1
            steps += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                // The bytes that continue a scalar do not move the column.
                column += 1
            }
        }
    }

    /// Goes back to where it was, but remembers what the way has cost.
    mutating func rewind(to earlier: TextScanner) {
        let walked = steps
        self = earlier
        steps = walked
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        advance()
        return true
    }

    /// Skips spaces, comments and escaped line ends; line ends too where `acrossLines`.
    mutating func skipBlanks(acrossLines: Bool) {
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0C: advance()
            case UInt8(ascii: "\n"):
                guard acrossLines else { return }
                advance()
            case UInt8(ascii: "#"):
                while let next = current, next != UInt8(ascii: "\n") { advance() }
            case UInt8(ascii: "\\"):
                let length = peek(1) == UInt8(ascii: "\r") ? 2 : 1
                guard peek(length) == UInt8(ascii: "\n") else { return }
                advance(length + 1)
            default: return
            }
        }
    }

    /// Takes the bytes that `isWanted`, as text.
    mutating func take(while isWanted: (UInt8) -> Bool) -> String {
        let start = index
        while let byte = current, isWanted(byte) { advance() }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    static func isWordStart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    static func isWordPart(_ byte: UInt8) -> Bool {
        isWordStart(byte) || isDigit(byte)
    }
}
