/// The virtual machines of the demonstration: the shapes of vm.cfg that are found in the field.
package enum DemoMachines {
    /// One machine's configuration with its pool name where the configuration's is a number.
    package struct Machine: Sendable {
        package let name: String
        package let configuration: String
    }

    /// From Oracle, xm and xl, paravirtualized and hardware virtualized.
    package static let all: [Machine] = [
        Machine(
            name: "erp-db01",
            configuration: #"""
                OVM_simple_name = 'erp-db01'
                OVM_domain_type = 'xen_hvm_pv_drivers'
                OVM_high_availability = True
                OVM_os_type = 'Oracle Linux 5'
                guest_os_type = 'linux'
                name = '0004fb0000060000a1c3e7d29b5f4c08'
                uuid = '0004fb00-0006-0000-a1c3-e7d29b5f4c08'
                builder = 'hvm'
                kernel = '/usr/lib/xen/boot/hvmloader'
                device_model = '/usr/lib/xen/bin/qemu-dm'
                memory = '8192'
                maxmem = 16384
                vcpus = 4
                maxvcpus = 32
                cpuid = ['1:edx=xxxxxxxxxxxxxxxxxxx0xxxxxxxxxxxx']
                pae = 1
                acpi = 1
                apic = 1
                boot = 'cd'
                disk = [u'file:/OVS/Repositories/r1/VirtualDisks/system.img,xvda,w',
                        'file:/OVS/Repositories/r1/VirtualDisks/u01.img,xvdb,w',
                        'file:/OVS/Repositories/r1/VirtualDisks/redo.img,xvdc,w',
                        'file:/OVS/sharedDisk/asm0.img,xvdd,w!',
                        'file:/OVS/sharedDisk/asm1.img,xvde,w!',
                        'file:/OVS/iso_pool/OL5.iso,hdc:cdrom,r']
                vif = ['type=netfront,mac=00:21:f6:00:00:1a,bridge=xenbr0',
                       'type=netfront,mac=00:21:f6:00:00:1b,bridge=xenbr1']
                vfb = ['type=vnc,vncunused=1,vnclisten=127.0.0.1,keymap=en-us']
                on_poweroff = 'destroy'
                on_reboot = 'restart'
                on_crash = 'restart'
                timer_mode = 2
                localtime = 0
                """#),
        Machine(
            name: "web01",
            configuration: #"""
                # A paravirtualized guest of the 2.x era
                name    = "web01"
                memory  = 1024
                maxmem  = 2048
                vcpus   = 2
                bootloader = "/usr/bin/pygrub"
                extra   = "console=hvc0"
                extra   = "console=hvc0 xencons=tty"      # given twice: the last one counts
                disk    = [ 'tap:aio:/OVS/running_pool/12_web01/System.img,xvda1,w',
                            'phy:/dev/vg0/web01-swap,xvda2,w', ]
                vif     = [ 'mac=00:16:3e:51:02:7c,bridge=xenbr0', '' ]
                vfb     = [ 'type=vnc,vncunused=1,vncpasswd=' ]
                on_poweroff = 'destroy'; on_reboot = 'restart'
                on_crash    = 'restart'
                """#),
        Machine(
            name: "win2003",
            configuration: #"""
                name = "win2003"
                builder = 'hvm'
                kernel = "/usr/lib/xen/boot/hvmloader"
                device_model = '/usr/lib/xen/bin/qemu-dm'
                memory = "2048"
                vcpus = "2"
                disk = [ 'file:/OVS/running_pool/7_win2003/System.img,ioemu:hda,w', ',hdc:cdrom,r' ]
                vif = [ 'type=ioemu, mac=00:16:3e:0a:44:02, bridge=xenbr0, model=e1000' ]
                boot = "dc"
                vnc = 1
                vncconsole = 1
                vncunused = 1
                sdl = 0
                usb = 1
                usbdevice = 'tablet'
                serial = 'pty'
                stdvga = 0
                localtime = 1
                """#),
        Machine(
            name: "build-agent-3",
            configuration: #"""
                type = "hvm"
                name = "build-agent-3"
                uuid = "7a1d3c0e-4b6f-4e0e-9f57-2f1f0ab36c11"
                memory = 0x1000
                vcpus = 6
                maxvcpus = 8
                cpus = "all,^0"
                disk = [ "/dev/vg1/build3,raw,xvda,rw",
                         "format=qcow2, vdev=xvdb, access=rw, target=/OVS/running_pool/build3/cache, v2.qcow2",
                         "vdev=hdc, access=ro, devtype=cdrom, target=" ]
                vif = [ 'mac=00-16-3E-77-10-03,bridge=xenbr0,rate=100Mb/s' ]
                usbdevice = [ 'tablet', 'host:1d6b:0002' ]
                vga = "stdvga"
                videoram = 16
                vnc = 1
                vnclisten = "0.0.0.0:5"
                on_xend_stop = "shutdown"
                nestedhvm = 0
                """#),
        Machine(
            name: "edge-router",
            configuration: #"""
                name = "edge-router"
                type = "pvh"
                kernel = "/var/lib/xen/kernels/vmlinuz-6.1"
                ramdisk = "/var/lib/xen/kernels/initrd-6.1"
                root = "/dev/xvda ro console=hvc0 net.ifnames=0 panic=5"
                memory = 512
                vcpus = 1
                disk = [ 'phy:/dev/drbd/by-res/edge/0,xvda,w' ]
                disk += [ 'vdev=xvdb,format=raw,target=/srv/edge data.img' ]
                vif = [ 'bridge=xenbr0,vifname=edge0,script=vif-bridge', 'bridge=xenbr9,vlan=120,mtu=9000' ]
                channel = [ 'connection=socket,name=org.qemu.guest_agent.0,path=/run/edge.sock' ]
                p9 = [ 'tag=config,security_model=none,path=/srv/edge/config,backend=0' ]
                on_crash = "coredump-restart"
                """#),
    ]
}
