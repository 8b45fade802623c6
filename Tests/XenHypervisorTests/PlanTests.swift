import DomainConfiguration
import PoolModel
import Testing
import XenHypervisor

@Suite("From a configuration to a plan")
struct PlanTests {
    @Test("the pool's requirements count before the file's memory and virtual CPUs")
    func prefersRequirements() throws {
        let specification = try Scene.specification(
            "name = 't'; kernel = '/k'; memory = 64; vcpus = 1", type: .pv, memory: 512, virtualCPUs: 2, maximumMemory: 1_024,
            maximumVirtualCPUs: 4)

        let printed = try Scene.libxl(XenDomainPlan(specification))

        #expect(printed["b_info"]["target_memkb"].number == 512 * 1_024 && printed["b_info"]["max_memkb"].number == 1_024 * 1_024)
        #expect(printed["b_info"]["avail_vcpus"].count == 2 && printed["b_info"]["max_vcpus"].number == 4)
        #expect(printed["c_info"]["name"].text == "web01")
    }

    @Test("the owner is handed to libxl, which writes it as it makes the domain known")
    func marksOwner() throws {
        let printed = try Scene.libxl(Scene.plan(""), ownership: Scene.ownership)

        #expect(printed["c_info"]["xsdata"]["ovm/owner"].text == "1 \(Scene.uuid) 7 3")
        #expect(printed["c_info"]["xsdata"]["ovm/memory"].text == "64")
    }

    @Test(
        "a choice of CPUs",
        arguments: [
            ("0-3,^1", [0, 2, 3]), ("all", [0, 1, 2, 3]), ("nodes:1", [2, 3]), ("node:0,3", [0, 1, 3]), ("all,^nodes:0", [2, 3]), ("9", []),
        ])
    func choosesCPUs(text: String, expected: [Int]) throws {
        #expect(try #require(ProcessorSelection(text)).processors(of: Scene.topology) == expected)
    }

    @Test("what is no choice of CPUs is refused", arguments: ["", "a", "1-", "3-1", "^", "0,,1", "999999", "nodes:", "-1", "１"])
    func refusesNonsense(text: String) {
        #expect(ProcessorSelection(text) == nil)
    }

    @Test("affinity, weight and cap; a list counts for one virtual CPU after the other")
    func plansScheduling() throws {
        let specification = try Scene.specification(
            "name='t'; kernel='/k'; cpus = ['0', '2-3']; cpu_weight = 512; cap = 50", type: .pv, virtualCPUs: 2)

        let printed = try Scene.libxl(XenDomainPlan(specification))

        #expect(printed["b_info"]["vcpu_hard_affinity"][0].value as? [Int] == [0])
        #expect(printed["b_info"]["vcpu_hard_affinity"][1].value as? [Int] == [2, 3])
        #expect(printed["b_info"]["sched_params"]["weight"].number == 512 && printed["b_info"]["sched_params"]["cap"].number == 50)
    }

    @Test("CPUs that the server does not have are refused with the key's name")
    func refusesMissingCPUs() throws {
        let plan = try Scene.plan("cpus = '64-65'")

        let error = #expect(throws: XenRefusal.self) { try Scene.libxl(plan) }

        #expect(error?.cause == "The key cpus chooses no CPU of this server, which has 4.")
    }

    @Test("a paravirtualized machine without anything to boot is refused; one with pvgrub is not")
    func refusesNothingToBoot() throws {
        let nothing = try Scene.specification("name = 't'", type: .pvh)
        let firmware = try Scene.specification("name = 't'; firmware = 'pvgrub64'", type: .pv)

        let error = #expect(throws: XenRefusal.self) { try XenDomainPlan(nothing) }

        #expect(error?.message.hasPrefix("The configuration of this pvh machine gives nothing to boot. Add kernel") == true)
        #expect(try XenDomainPlan(firmware).boot.kernel == "/usr/lib/xen-4.17/boot/pvgrub64.bin")
    }

    @Test("a zero byte, which would end a C string early, is refused")
    func refusesZeroByte() throws {
        #expect(throws: XenRefusal.self) { try Scene.plan("extra = 'quiet\\x00init=/bin/sh'") }
    }

    @Test("a configuration that cannot be read is refused with its place")
    func refusesUnreadable() throws {
        let error = #expect(throws: XenRefusal.self) { try XenDomainPlan(Scene.specification("name = open('x')", type: .pv)) }

        #expect(error?.cause.contains("line 1, column 8") == true)
    }

    @Test("a MAC address that nobody gave is in Xen's range, the same ever after, and no other's")
    func keepsMACAddress() throws {
        let first = try Scene.plan("vif = ['bridge=a', 'bridge=b', '']")
        let again = try Scene.plan("vif = ['bridge=a', 'bridge=b', '']")

        #expect(first.interfaces == again.interfaces)
        #expect(Set(first.interfaces.map(\.mac)).count == 3)
        #expect(first.interfaces.allSatisfy { $0.mac.count == 6 && $0.mac.prefix(3) == [0x00, 0x16, 0x3E] && $0.mac[3] < 0x80 })
        // The address of this machine's first interface for as long as there are releases.
        var used: Set<UInt64> = []
        #expect(StableMACAddress.value(of: (Scene.uuid.high, Scene.uuid.low), interface: 0, avoiding: &used) == 0x0016_3E65_94D7)
    }

    @Test("a VLAN goes into the bridge's name for Open vSwitch, and is a warning elsewhere")
    func plansVLAN() throws {
        let tagged = try Scene.plan("vif = ['bridge=ovs0,script=vif-openvswitch,vlan=120']")
        let untagged = try Scene.plan("vif = ['bridge=xenbr0,vlan=120']")

        #expect(tagged.interfaces[0].bridge == "ovs0.120" && tagged.warnings.isEmpty)
        #expect(untagged.interfaces[0].bridge == "xenbr0" && untagged.warnings.map(\.key) == ["vif"])
    }

    @Test("a key that is not carried out is a warning with its place; so is one of another type of machine, or of a wrong shape")
    func warns() throws {
        let plan = try Scene.plan("pci = ['01:00.0']\npae = 1\nlocaltime = 'maybe'\nmystery = 3\ncpus = 'x'")

        #expect(plan.warnings.map(\.key) == ["pci", "pae", "localtime", "mystery", "cpus"])
        #expect(plan.warnings.map(\.line) == [3, 4, 5, 6, 7])
        #expect(plan.warnings[1].sentence == "The key pae is not carried out: it counts for hvm machines, and this one is pv.")
    }

    @Test("warnings are there for a configuration alone as well")
    func warnsBeforehand() throws {
        #expect(try XenDomainPlan.warnings(for: Scene.sample("xl-pvh.cfg")).map(\.key) == ["vif", "channel", "p9"])
    }

    @Test("that Xen cannot run a machine at all is a warning beforehand")
    func warnsOfRefusal() throws {
        let configuration = try DomainConfigurationText.parse("name = 't'; memory = 64\npci = ['01:00.0']", file: "t.cfg")

        #expect(
            XenDomainPlan.warnings(for: configuration).map(\.sentence) == [
                """
                Xen cannot run this machine. The configuration of this pv machine gives nothing to boot. Add kernel = "...", or bootloader = \
                "pygrub" for a kernel in the machine's own disk.
                """
            ])
    }

    @Test("a key is pointed at where it counts: at its last =, or the element of a list that += lengthens")
    func pointsAtWhatCounts() throws {
        let plan = try Scene.plan("mystery = 1\nmystery = 2\nvif = ['bridge=a']\nvif += ['bridge=b,vlan=7']\nvif += ['bridge=c,vlan=8']")

        #expect(plan.warnings.map(\.line) == [4, 6, 7])
        #expect(plan.warnings.map(\.column) == [1, 9, 9])
    }

    @Test("a password is written, and never shown")
    func hidesPassword() throws {
        let plan = try Scene.plan("vfb = ['vnc=1,vnclisten=0.0.0.0,vncpasswd=geheim,vncdisplay=3,vncunused=0']")

        let printed = try Scene.libxl(plan)

        #expect(printed["vfbs"][0]["vnc"]["passwd"].text == "geheim" && printed["vfbs"][0]["vnc"]["listen"].text == "0.0.0.0")
        #expect(printed["vfbs"][0]["vnc"]["display"].number == 3 && printed["vfbs"][0]["vnc"]["findunused"].flag == false)
        var dumped = ""
        dump(plan, to: &dumped)
        #expect(!"\(plan)".contains("geheim") && !String(reflecting: plan).contains("geheim") && !dumped.contains("geheim"))
    }
}
