import CSQLite
import GRDBSQLite
import Glibc
import Synchronization

/// SQLite's way to the file system, with the disks of these tests in between.
///
/// It becomes the process's default VFS once and stays so; files of folders without a `FaultDisk` get the real one's own methods.
/// See https://www.sqlite.org/vfs.html and the comments on sqlite3_vfs and sqlite3_io_methods in sqlite3.h.
enum FaultInjectingVFS {
    private struct Registry {
        var disks: [String: WeakDisk] = [:]
    }

    private struct WeakDisk: Sendable {
        weak var disk: FaultDisk?
    }

    private static let registry = Mutex(Registry())
    private static let registration: Bool = register()

    static func attach(_ disk: FaultDisk) {
        precondition(registration, "the fault-injecting VFS could not be registered")
        registry.withLock { $0.disks[disk.folder] = WeakDisk(disk: disk) }
    }

    static func detach(_ folder: String) {
        registry.withLock { $0.disks[folder] = nil }
    }

    fileprivate static func disk(for path: String) -> FaultDisk? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return registry.withLock { $0.disks[String(path[..<slash])]?.disk }
    }

    /// Registers a copy of the default VFS whose files go through `FaultFile`. Both copies live as long as the process.
    private static func register() -> Bool {
        guard let real = sqlite3_vfs_find(nil) else { return false }
        let copy = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        copy.initialize(to: real.pointee)
        copy.pointee.pNext = nil
        copy.pointee.zName = UnsafePointer(strdup("fault-injecting"))
        copy.pointee.szOsFile = max(real.pointee.szOsFile, Int32(MemoryLayout<FaultFile>.size))
        copy.pointee.xOpen = { vfs, name, file, flags, outFlags in
            guard let vfs, let file else { return SQLITE_MISUSE }
            guard let name, let disk = FaultInjectingVFS.disk(for: String(cString: name)) else {
                return vfs.pointee.realOpen(name, file, flags, outFlags)
            }
            return FaultFile.open(vfs, disk, name, file, flags, outFlags)
        }
        return sqlite3_vfs_register(copy, 1) == SQLITE_OK
    }
}

extension sqlite3_vfs {
    /// Opens through the VFS that was the default before.
    fileprivate func realOpen(
        _ name: sqlite3_filename?, _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let real = sqlite3_vfs_find("unix") else { return SQLITE_CANTOPEN }
        return real.pointee.xOpen(real, name, file, flags, outFlags)
    }
}

/// An open file of SQLite's, as it lies in SQLite's memory: `base` comes first, as for a C structure that extends `sqlite3_file`.
private struct FaultFile {
    private var base: sqlite3_file
    private var context: Unmanaged<Context>

    private final class Context {
        let disk: FaultDisk
        let path: String
        let real: UnsafeMutablePointer<sqlite3_file>

        init(_ disk: FaultDisk, _ path: String, _ real: UnsafeMutablePointer<sqlite3_file>) {
            self.disk = disk
            self.path = path
            self.real = real
        }
    }

    static func open(
        _ vfs: UnsafeMutablePointer<sqlite3_vfs>, _ disk: FaultDisk, _ name: sqlite3_filename,
        _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Int(vfs.pointee.szOsFile), alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Int(vfs.pointee.szOsFile))
        let real = memory.assumingMemoryBound(to: sqlite3_file.self)
        let code = vfs.pointee.realOpen(name, real, flags, outFlags)
        guard code == SQLITE_OK else {
            file.pointee.pMethods = nil
            memory.deallocate()
            return code
        }
        let path = String(cString: name)
        disk.opened(path)
        UnsafeMutableRawPointer(file).initializeMemory(
            as: FaultFile.self,
            to: FaultFile(
                base: sqlite3_file(pMethods: UnsafePointer(methods.pointer)), context: Unmanaged.passRetained(Context(disk, path, real))))
        return SQLITE_OK
    }

    private static func context(_ file: UnsafeMutablePointer<sqlite3_file>?) -> Context {
        guard let file else { preconditionFailure("SQLite passed no file") }
        return UnsafeMutableRawPointer(file).assumingMemoryBound(to: FaultFile.self).pointee.context.takeUnretainedValue()
    }

    private struct Methods: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<sqlite3_io_methods>
    }

    /// Never changed after it is made. Version 1: without shared memory, so the write-ahead log works in exclusive mode only.
    private static let methods: Methods = {
        var methods = sqlite3_io_methods()
        methods.iVersion = 1
        addChanges(&methods)
        addQueries(&methods)
        let pointer = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        pointer.initialize(to: methods)
        return Methods(pointer: pointer)
    }()

    private static func addChanges(_ methods: inout sqlite3_io_methods) {
        methods.xClose = { file in
            let context = FaultFile.context(file)
            let code = context.real.pointee.pMethods.pointee.xClose(context.real)
            UnsafeMutableRawPointer(context.real).deallocate()
            Unmanaged.passUnretained(context).release()
            file?.pointee.pMethods = nil
            return code
        }
        methods.xWrite = { file, bytes, count, offset in
            let context = FaultFile.context(file)
            let copy = [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            let code = context.disk.change(context.path, .write(offset: Int(offset), bytes: copy))
            return code == SQLITE_OK ? context.real.pointee.pMethods.pointee.xWrite(context.real, bytes, count, offset) : code
        }
        methods.xTruncate = { file, size in
            let context = FaultFile.context(file)
            let code = context.disk.change(context.path, .truncate(size: Int(size)))
            return code == SQLITE_OK ? context.real.pointee.pMethods.pointee.xTruncate(context.real, size) : code
        }
        methods.xSync = { file, _ in
            let context = FaultFile.context(file)
            return context.disk.sync(context.path)
        }
    }

    private static func addQueries(_ methods: inout sqlite3_io_methods) {
        methods.xRead = { file, bytes, count, offset in
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xRead(real, bytes, count, offset)
        }
        methods.xFileSize = { file, size in
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xFileSize(real, size)
        }
        methods.xLock = { file, level in
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xLock(real, level)
        }
        methods.xUnlock = { file, level in
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xUnlock(real, level)
        }
        methods.xCheckReservedLock = { file, isHeld in
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xCheckReservedLock(real, isHeld)
        }
        methods.xFileControl = { file, operation, argument in
            // The size hint would grow the real file behind the disk's back.
            if operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE { return SQLITE_NOTFOUND }
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xFileControl(real, operation, argument)
        }
        methods.xSectorSize = { file in
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xSectorSize(real)
        }
        methods.xDeviceCharacteristics = { file in
            let real = FaultFile.context(file).real
            return real.pointee.pMethods.pointee.xDeviceCharacteristics(real)
        }
    }
}
