package import AgentCore
import AgentPorts
import PoolModel
package import PoolStateMachine
import SwiftProtobuf

/// A pool's state to a snapshot's bytes, and back. The bytes carry the state's digest: what does not match it is refused.
package struct WireSnapshotCoding: SnapshotEncoding, PoolStateDecoding {
    package init() {}

    package func encode(_ state: PoolState) -> [UInt8] {
        var wire = WirePoolSnapshot(state.parts)
        wire.digest = state.digest
        do {
            return try wire.serializedBytes()
        } catch {
            // Only more than 2 GiB can fail here; the pool's own bounds keep it far below.
            preconditionFailure("a snapshot of our own could not be encoded: \(error)")
        }
    }

    package func decode(_ data: [UInt8]) throws(PoolStateDecodingError) -> PoolState {
        do {
            let wire = try WirePoolSnapshot(serializedBytes: data, options: PeerFrameCoding.decodingOptions)
            guard wire.version <= WireVersion.snapshot else {
                throw WireError("It has version \(wire.version), but this agent reads up to \(WireVersion.snapshot).", isNewer: true)
            }
            if wire.holdsUnknownFields { throw WireError.unknownField }
            let state = try PoolState(restoring: wire.model())
            guard state.digest == wire.digest else { throw WireError("Its digest does not match its content.") }
            return state
        } catch let error as WireError where error.isNewer {
            throw PoolStateDecodingError(
                message: """
                    The snapshot of the pool's state was written by a newer agent: \(error.message) \
                    Install the newest agent version on this server, then start it again.
                    """)
        } catch let error as WireError {
            throw refusal(error.message)
        } catch let error as PoolStateRestoringError {
            throw refusal(error.message)
        } catch {
            throw refusal("It is not a Protocol Buffers message.")
        }
    }

    private func refusal(_ cause: String) -> PoolStateDecodingError {
        PoolStateDecodingError(
            message: "The snapshot of the pool's state cannot be read: \(cause) Install the newest agent version, or join this server anew."
        )
    }
}
