import DomainConfiguration
import PoolModel

extension DiskPlan {
    /// Plans one disk of a configuration's list.
    package init(element: String) throws(XenRefusal) {
        let read = try XenRefusal.reading(element) { (text) throws(DomainConfigurationError) in try DeviceElement.disk(text) }
        var settings = DomainSettings(name: "device")
        settings.disks = [read]
        var keys = ConfigurationKeys(try XenRefusal.configuration(of: settings), type: .pv)
        self = DiskPlan.all(settings.disks, keys: &keys)[0]
    }
}

extension InterfacePlan {
    /// Plans one interface of a configuration's list, which bears its MAC address. libxl numbers it, unless the element does.
    package init(element: String) throws(XenRefusal) {
        let read = try XenRefusal.reading(element) { (text) throws(DomainConfigurationError) in try DeviceElement.interface(text) }
        guard read.mac != nil else {
            throw XenRefusal(cause: "The interface has no MAC address.", cure: "Attach it through the pool, which gives it one.")
        }
        var settings = DomainSettings(name: "device")
        settings.interfaces = [read]
        var keys = ConfigurationKeys(try XenRefusal.configuration(of: settings), type: .pv)
        self = InterfacePlan.all(settings.interfaces, uuid: UniqueIdentifier(high: 0, low: 0), keys: &keys)[0]
        number = read.deviceID ?? -1
    }
}

extension XenRefusal {
    fileprivate static func reading<Device>(
        _ element: String, _ read: (String) throws(DomainConfigurationError) -> Device
    ) throws(XenRefusal) -> Device {
        // A C string ends at its first zero.
        guard !element.utf8.contains(0) else { throw XenRefusal(cause: "The device holds a zero byte.", cure: "Remove it.") }
        do throws(DomainConfigurationError) { return try read(element) } catch {
            throw XenRefusal(cause: "The device cannot be read: found \(error.found).", cure: "Write \(error.expected).")
        }
    }

    fileprivate static func configuration(of settings: DomainSettings) throws(XenRefusal) -> DomainConfiguration {
        do throws(DomainConfigurationError) { return try DomainConfigurationText.parse(settings.canonicalText(), file: "vm.cfg") } catch {
            throw XenRefusal(cause: "The device cannot be read: found \(error.found).", cure: "Write \(error.expected).")
        }
    }
}
