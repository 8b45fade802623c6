package import AgentPorts
package import PoolModel
package import RaftCore
import SwiftProtobuf

/// Entries and configurations for storage.
package struct WireEntryCoding: EntryCoding {
    package init() {}

    package func encode(_ entry: RaftEntry<PoolEntry>) -> [UInt8] { serialized(WireEntry(entry)) }

    package func decode(_ bytes: [UInt8]) throws(EntryCodingError) -> RaftEntry<PoolEntry> {
        do {
            let wire = try WireEntry(serializedBytes: bytes, options: PeerFrameCoding.decodingOptions)
            if wire.holdsUnknownFields { throw WireError.unknownField }
            return try wire.model()
        } catch let error as WireError where error.isNewer {
            throw .newer(cause: error.message)
        } catch {
            throw .damaged
        }
    }

    package func encode(_ configuration: RaftConfiguration) -> [UInt8] { serialized(WireConfiguration(configuration)) }

    package func decodeConfiguration(_ bytes: [UInt8]) -> RaftConfiguration? {
        do {
            let wire = try WireConfiguration(serializedBytes: bytes, options: PeerFrameCoding.decodingOptions)
            return wire.holdsUnknownFields ? nil : try wire.model()
        } catch {
            return nil
        }
    }

    private func serialized(_ message: some Message) -> [UInt8] {
        do {
            return try message.serializedBytes()
        } catch {
            // Only a missing required field (proto2) or more than 2 GiB can fail here; our own messages have neither.
            preconditionFailure("a message of our own could not be encoded: \(error)")
        }
    }
}
