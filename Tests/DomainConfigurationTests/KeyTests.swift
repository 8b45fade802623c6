import DomainConfiguration
import Testing

@Suite("Every key of xl, xm and Oracle")
struct KeyTests {
    @Test(
        "a key that xl reads is kept in its place, without any warning",
        arguments: [
            "pool = 'Pool-0'", "cpus = '0-3,^1'", "cpus = 'nodes:0'", "cpus = 'all'", "cpus = [ '2', '3' ]", "cpus_soft = '2-5'",
            "cpu_weight = 512", "cpu_weight = '512'", "cap = 50", "shadow_memory = 8", "vnuma = [ [ 'pnode=0', 'size=64', 'vcpus=0' ] ]",
            "ramdisk = '/r'", "bootloader = 'pygrub'", "bootloader_args = [ '--kernel', '/k' ]", "bootloader_args = '--quiet'",
            "firmware = 'ovmf'", "bios = 'seabios'", "boot = 'cdn'", "pvshim = 1", "pci = [ '07:00.0,permissive=1' ]", "usb = 1",
            "usbdevice = 'tablet'", "usbdevice = [ 'tablet', 'host:1d6b:0002' ]", "usbctrl = [ 'version=2,ports=4' ]",
            "usbdev = [ 'hostbus=1,hostaddr=3' ]", "serial = 'pty'", "serial = [ 'pty', 'null' ]",
            "p9 = [ 'tag=t,path=/p,security_model=none' ]", "channel = [ 'connection=pty,name=c' ]", "virtio = [ 'type=virtio,device' ]",
            "vtpm = [ 'backend=vtpm' ]", "vfb = [ 'type=vnc,vncunused=1,vncpasswd=' ]", "vnc = 1", "vnclisten = '0.0.0.0:5'",
            "vncdisplay = 3", "vncunused = 0", "vncpasswd = 'x'", "sdl = 0", "keymap = 'en-us'", "vga = 'stdvga'", "stdvga = 1",
            "videoram = 16", "spice = 1", "spiceport = 6000", "spicetls_port = 6001", "spicehost = '0.0.0.0'", "spicepasswd = 'x'",
            "spicedisable_ticketing = 1", "spiceagent_mouse = 1", "spicevdagent = 1", "spice_clipboard_sharing = 1",
            "spiceusbredirection = 4", "spice_image_compression = 'off'", "spice_streaming_video = 'off'", "acpi = 1", "apic = '1'",
            "pae = True", "hap = 0", "nx = 1", "hpet = 1", "viridian = 1", "viridian = [ 'base', 'freq' ]", "localtime = 0",
            "rtc_timeoffset = -3600", "timer_mode = 2", "timer_mode = 'no_delay_for_missed_ticks'", "tsc_mode = 'native'",
            "cpuid = 'host,tm=0'", "cpuid = [ '1:edx=xxxxxxxxxxxxxxxxxxx0xxxxxxxxxxxx' ]", "xen_platform_pci = 1", "nestedhvm = 0",
            "device_model_version = 'qemu-xen'", "device_model_override = '/q'", "device_model_args = [ '-d' ]", "guest_os_type = 'linux'",
            "OVM_simple_name = 'a'", "OVM_high_availability = True", "OVM_domain_type = 'xen_pvm'", "OVM_os_type = 'None of these'",
            "OVM_description = ''", "OVM_cpu_compat_group = ''", "vkb_device = [ 'backend-type=qemu' ]", "vendor_device = 'none'",
        ])
    func kept(_ line: String) throws {
        let configuration = try DomainConfigurationText.parse("name = 't'\n\(line)\nmemory = 64; vcpus = 1; type = 'pv'\n", file: "t.cfg")

        let key = try #require(line.split(separator: " ").first.map(String.init))
        let again = try DomainConfigurationText.parse(configuration.canonicalText(), file: "t.cfg")
        #expect(configuration.warnings == [])
        #expect(configuration.settings.keyOrder == ["name", key, "memory", "vcpus", "type"])
        #expect(again.settings == configuration.settings && again.assignments.map(\.key) == configuration.settings.keyOrder)
    }

    @Test(
        "a key that only xm or Oracle read is kept in its place, with a warning at the key",
        arguments: [
            "on_xend_start = 'ignore'", "on_xend_stop = 'shutdown'", "vncconsole = 1", "dhcp = 'dhcp'", "ip = '10.0.0.1'",
            "netmask = '255.0.0.0'", "gateway = '10.0.0.254'", "hostname = 'h'", "nics = 1", "cpu = -1", "cpu_cap = 0",
            "restart = 'onreboot'",
            "vcpu_avail = 1", "fda = '/f'", "fdb = ''", "device_model = '/usr/lib/xen/bin/qemu-dm'",
        ])
    func foreign(_ line: String) throws {
        let configuration = try DomainConfigurationText.parse("name = 't'; memory = 64\n  \(line)\n", file: "t.cfg")

        let key = try #require(line.split(separator: " ").first.map(String.init))
        #expect(configuration.warnings.map { [$0.line, $0.column] } == [[2, 3]])
        #expect(configuration.settings.others.map(\.key) == [key])
        #expect(configuration.canonicalText().contains("\n\(key) = "))
    }

    @Test("keys, values and order are kept: fields and others mixed, defaults last")
    func order() throws {
        let text = """
            vnc = 1
            extra = "quiet"
            disk = [ ]
            OVM_simple_name = "db"
            root = "/dev/xvda"
            maxmem = 64
            on_crash = "destroy"
            wibble = [ 1,
                       "two",
                       [ ] ]
            name = "t"
            cmdline = "c"
            memory = 64
            kernel = ""
            uuid = "0004fb00-0006-0000-a1c3-e7d29b5f4c08"

            """

        let canonical = try DomainConfigurationText.parse(text, file: "t.cfg").canonicalText()

        #expect(canonical == text + "type = \"pv\"\nvcpus = 1\n")
    }

    @Test("an empty string is no value, but is kept; an empty type is dropped with a warning, as a domain has one in any case")
    func empty() throws {
        let keys = ["uuid", "kernel", "ramdisk", "cmdline", "root", "extra", "bootloader", "boot", "on_crash", "OVM_description"]
        let configuration = try configuration(keys.map { "\($0) = ''" }.joined(separator: "\n") + "\ntype = ''; builder = ''")

        let settings = configuration.settings
        #expect(settings.others == keys.map { ConfigurationSetting(key: $0, value: .text("")) })
        #expect(settings.commandLine == nil && settings.uuid == nil && settings.domainType == .paravirtualized)
        #expect(
            configuration.warnings.map(\.message) == [
                "The key type is empty, which says nothing; it is not kept.",
                "The key builder is empty, which says nothing; it is not kept.",
            ])
    }
}
