import Glibc

/// Finds out whether Xen can be driven from here.
package enum XenPresence {
    /// Where Linux offers the way to the hypervisor (xen/privcmd): the second is the older place.
    package static let doors = ["/dev/xen/privcmd", "/proc/xen/privcmd"]

    /// Loads the libraries, once it is clear that Xen is there.
    ///
    /// libxl's own answer without Xen is ERROR_FAIL, which says nothing: so the doors are looked at first.
    package static func open(
        doors: [String] = doors, names: XenLibraryNames = XenLibraryNames()
    ) throws(XenUnavailable) -> XenLibrary {
        guard doors.contains(where: { access($0, F_OK) == 0 }) else { throw .noHypervisor(paths: doors) }
        return try XenLibrary(names)
    }

    /// Xen's version, such as `4.17.7`: the proof that it answers.
    package static func version(of library: XenLibrary) throws(XenUnavailable) -> String {
        do throws(XenFailure) {
            return try XenContext(library).version().text
        } catch {
            throw .noAnswer(reason: error.reason)
        }
    }
}
