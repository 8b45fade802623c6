import SwiftProtobuf

import struct Foundation.Data

extension Message {
    /// Whether it, or a message inside it, holds a field that this agent does not know. To leave such a field out would be to apply
    /// something else than the agent that wrote it did.
    var holdsUnknownFields: Bool {
        var finder = UnknownFieldFinder()
        do { try traverse(visitor: &finder) } catch { return true }
        return finder.isFound
    }
}

/// Walks through a message and everything in it.
private struct UnknownFieldFinder: Visitor {
    var isFound = false

    mutating func visitUnknown(bytes: Data) throws { isFound = true }
    mutating func visitSingularMessageField<M: Message>(value: M, fieldNumber: Int) throws { try value.traverse(visitor: &self) }

    mutating func visitSingularDoubleField(value: Double, fieldNumber: Int) throws {}
    mutating func visitSingularInt64Field(value: Int64, fieldNumber: Int) throws {}
    mutating func visitSingularUInt64Field(value: UInt64, fieldNumber: Int) throws {}
    mutating func visitSingularBoolField(value: Bool, fieldNumber: Int) throws {}
    mutating func visitSingularStringField(value: String, fieldNumber: Int) throws {}
    mutating func visitSingularBytesField(value: Data, fieldNumber: Int) throws {}
    mutating func visitSingularEnumField<E: Enum>(value: E, fieldNumber: Int) throws {}
    mutating func visitMapField<KeyType, ValueType: MapValueType>(
        fieldType: _ProtobufMap<KeyType, ValueType>.Type, value: _ProtobufMap<KeyType, ValueType>.BaseType, fieldNumber: Int
    ) throws {}
    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufEnumMap<KeyType, ValueType>.Type, value: _ProtobufEnumMap<KeyType, ValueType>.BaseType, fieldNumber: Int
    ) throws where ValueType.RawValue == Int {}
    mutating func visitMapField<KeyType, ValueType>(
        fieldType: _ProtobufMessageMap<KeyType, ValueType>.Type, value: _ProtobufMessageMap<KeyType, ValueType>.BaseType, fieldNumber: Int
    ) throws {}
}
