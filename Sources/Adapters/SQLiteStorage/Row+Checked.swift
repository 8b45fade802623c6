import Foundation
import GRDB

extension Row {
    /// The integer in `column`; nil for anything else. GRDB's own subscript would end the process on a damaged value.
    func number(_ column: Int) -> UInt64? {
        let value: DatabaseValue = self[column]
        guard case .int64(let number) = value.storage else { return nil }
        return UInt64(bitPattern: number)
    }

    /// The blob in `column`; nil for anything else.
    func blob(_ column: Int) -> Data? {
        let value: DatabaseValue = self[column]
        guard case .blob(let data) = value.storage else { return nil }
        return data
    }
}
