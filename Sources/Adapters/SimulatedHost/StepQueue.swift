import AgentCore
import PoolModel

/// What is to happen on a simulated host at an instant.
struct ScheduledStep: Sendable {
    let deadline: MonotonicInstant
    let action: Action

    enum Action: Sendable {
        /// The operation takes effect, and is answered `answerDelay` later, with `answer` where the fault gives one.
        case effect(DomainOperationID, SimulatedEffect, answer: DomainOperationResult?, answerDelay: Duration)
        case answer(DomainOperationID, DomainOperationResult)
        /// The guest acts on a request to power off or to reboot.
        case guestEnd(domain: UInt32)
    }
}

/// What an operation does when its time has passed.
enum SimulatedEffect: Sendable {
    case finishBuilding(domain: UInt32)
    case unpause(domain: UInt32)
    case pause(domain: UInt32)
    case askEnd(domain: UInt32, DomainEnd)
    case resize(domain: UInt32, memory: Mebibytes, virtualCPUs: Int)
    case changeDevice(domain: UInt32, DeviceOperation)
    case remove(domain: UInt32)
    case dump(domain: UInt32)
    case writeImage(domain: UInt32)
    case unsuspend(domain: UInt32)
    case removeImage(path: String)
    case finishSending(domain: UInt32)
    case finishReceiving(domain: UInt32)
}

/// Steps in the order of their deadlines; steps of the same instant in the order in which they were added.
struct StepQueue: Sendable {
    private var steps: [ScheduledStep] = []

    var first: ScheduledStep? { steps.last }

    mutating func add(_ action: ScheduledStep.Action, at deadline: MonotonicInstant) {
        // Kept backwards, so that the first is taken off the end: few are under way at a time.
        let position = steps.lastIndex { $0.deadline > deadline }.map { $0 + 1 } ?? 0
        steps.insert(ScheduledStep(deadline: deadline, action: action), at: position)
    }

    /// Takes the end of a move out that has not come; nil where there is none of this operation.
    mutating func removeMove(of id: DomainOperationID) -> SimulatedEffect? {
        for (position, step) in steps.enumerated() {
            guard case .effect(id, let effect, _, _) = step.action else { continue }
            switch effect {
            case .finishSending, .finishReceiving:
                steps.remove(at: position)
                return effect
            default: return nil
            }
        }
        return nil
    }

    mutating func popFirst(dueBy now: MonotonicInstant) -> ScheduledStep? {
        guard let last = steps.last, last.deadline <= now else { return nil }
        return steps.removeLast()
    }
}
