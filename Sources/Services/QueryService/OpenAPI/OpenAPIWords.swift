import Placement
import PoolModel
import PoolStateMachine
import QueryModel

// The closed sets of words, taken from the very enums that the words are made of: a word more there is a word more here.
extension OpenAPITextForm {
    static let serverStatus = words(of: ServerStatusWord.self, example: .active)
    static let role = OpenAPITextForm(words: ServerRoles.all.words, example: ServerRoles.virtualMachine.words.joined())
    static let domainType = words(of: PoolModel.DomainType.self, example: .pv)
    static let machineStatus = words(of: MachineStatus.self, example: .running)
    static let machineIntent = words(of: MachineIntent.self, example: .running)
    static let machineOperation = words(of: MachineOperation.self, example: .stop)
    static let onPowerOff = words(of: MachineEndAction.self, example: .destroy)
    static let endAction = words(of: MachineEndAction.self, example: .restart)
    static let placementRefusal = words(of: PlacementRefusalType.self, example: .notEnoughMemory)
    static let ruleKind = words(of: RuleKind.self, example: .antiAffinity)
    static let ruleStrength = words(of: RuleStrength.self, example: .hard)
    static let tokenStatus = words(of: TokenStatusWord.self, example: .unused)
    static let taskKind = words(of: PoolTaskKind.self, example: .start)
    static let taskStatus = words(of: PoolTaskState.self, example: .done)
    static let eventKind = words(of: PoolEventKind.self, example: .machinePlaced)
    static let changedObject = OpenAPITextForm(words: PoolDiff.kinds.map(\.rawValue), example: PoolObjectKind.machine.rawValue)
    static let objectChange = words(of: ObjectChange.self, example: .changed)
    static let poolRefusal = words(of: PoolRefusalType.self, example: .machineStateForbids)
    static let problemType = OpenAPITextForm(words: ProblemKind.allCases.map(\.type), example: ProblemKind.notFound.type)

    /// What an event is about: its kind and its name.
    static let eventTarget = kindAndText(PoolObjectKind.self, example: "vm web01")
    /// Who did something: a kind, and a name or number.
    static let principal = kindAndText(PrincipalKind.self, example: "operator admin")

    /// One of an enum's words.
    private static func words<Word>(of type: Word.Type, example: Word) -> OpenAPITextForm
    where Word: CaseIterable & RawRepresentable<String> {
        OpenAPITextForm(words: Word.allCases.map(\.rawValue), example: example.rawValue)
    }

    /// One of an enum's words, a space, and a text.
    private static func kindAndText<Word>(_ type: Word.Type, example: String) -> OpenAPITextForm
    where Word: CaseIterable & RawRepresentable<String> {
        OpenAPITextForm(pattern: "^(\(Word.allCases.map(\.rawValue).joined(separator: "|"))) [\\s\\S]*$", example: example)
    }
}
