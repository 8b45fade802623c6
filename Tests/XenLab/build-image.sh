#!/usr/bin/env bash
# Builds what an emulated server boots: Xen, a Linux kernel, Domain-0 as an initramfs, and a tiny guest; from Debian
# packages alone, which are unpacked and never installed.
#
# The result lies in $OVM_XEN_LAB/images/KEY, with the link `image` to it. KEY stands for the versions of the packages and
# the text of these scripts: where that image exists already, this ends in two seconds.
#
#   xen, vmlinux     hypervisor and kernel (Domain-0's and the guests'), uncompressed: unpacking in emulation is slow
#   vmlinuz          the same kernel as Debian ships it, for HVM
#   dom0.cpio        Domain-0; dom0-hvm.cpio: the same with the device model and firmware
#   guest.cpio.gz    ramdisk of the tiny guest: see Guest/init
set -euo pipefail
. "$(dirname "$0")/settings.sh"

wanted=(xen-hypervisor-4.17-amd64 xen-utils-4.17 xen-utils-common xenstore-utils libxenmisc4.17 linux-image-amd64
  busybox-static bash coreutils iproute2 socat util-linux mount e2fsprogs qemu-system-xen seabios
  libstdc++6 libgcc-s1 libssl3 libsqlite3-0 zlib1g)
# Dependencies which maintainer scripts need, and no file of which is picked below.
unwanted='^(python3.*|libpython3.*|iso-codes|debconf|dpkg|perl.*|adduser|passwd|initramfs-tools.*|linux-base|udev|kmod|klibc-utils|libklibc|ipxe-qemu|media-types|ucf|sensible-utils|mawk)$'

say() { echo "[$(date +%T)] $*"; }

# apt resolves against an empty dpkg database, so that the whole closure comes; no lock of this machine's is taken.
packages=$OVM_XEN_LAB/packages
mkdir -p "$packages" "$OVM_XEN_LAB/images"
: > "$packages/status"
apt=(apt-get -qq -y --no-install-recommends -o Dir::State::status="$packages/status" -o Dir::Cache::archives="$packages"
  -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
mkdir -p "$packages/partial"

# The closure, one NAME=VERSION a line.
closure() {
  "${apt[@]}" --print-uris -o Dir::Cache::archives="$packages/none" install "${wanted[@]}" 2>"$packages/apt.log" \
    | awk '{ n = split($2, part, "_"); gsub("%3a", ":", part[2]); if (n == 3) print part[1] "=" part[2] }' \
    | awk -F= -v unwanted="$unwanted" '$1 !~ unwanted' | LC_ALL=C sort
}

list=$(closure) || true
if [ -z "$list" ] && [ "$(id -u)" = 0 ]; then
  say "fetching the lists of packages"
  timeout 300 apt-get update -qq
  list=$(closure) || true
fi
[ -n "$list" ] || { cat "$packages/apt.log" >&2; refuse "The packages of Debian 12 could not be resolved. Run apt-get update, then try again."; }

key=$({ echo "$list"; cat "$0" "$lab"/Domain-0/* "$lab"/Guest/*; } | sha256sum | cut -c1-16)
out=$OVM_XEN_LAB/images/$key
if [ -e "$out/complete" ]; then
  ln -sfn "images/$key" "$OVM_XEN_LAB/image"
  touch "$out/complete"
  say "image $key exists already"
  exit 0
fi

# ---- download

absent=()
files=()
while IFS='=' read -r name version; do
  file=$(compgen -G "$packages/${name}_${version//:/%3a}_*.deb" | head -1) || true
  [ -n "$file" ] || absent+=("$name=$version")
done <<<"$list"
if [ ${#absent[@]} -gt 0 ]; then
  say "downloading ${#absent[@]} packages"
  for try in 1 2 3; do
    (cd "$packages" && timeout 600 "${apt[@]}" download "${absent[@]}") >"$packages/apt.log" 2>&1 && break
    [ $try -lt 3 ] || { cat "$packages/apt.log" >&2; refuse "The packages could not be downloaded."; }
    sleep 3
  done
fi
while IFS='=' read -r name version; do
  files+=("$(compgen -G "$packages/${name}_${version//:/%3a}_*.deb" | head -1)")
done <<<"$list"

# ---- unpack

work=$OVM_XEN_LAB/work.$$
final=$out
trap 'rm -rf "$work" "$final.$$"' EXIT
root=$work/root
out=$out.$$
mkdir -p "$root" "$out"
say "unpacking ${#files[@]} packages"
# /bin and its like are links into /usr, which packages from before that change do not know.
mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
for file in "${files[@]}"; do
  dpkg-deb --fsys-tarfile "$file" | tar -x -C "$root" --keep-directory-symlink \
    --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale \
    --exclude='./lib/modules/*/kernel/sound' --exclude='./lib/modules/*/kernel/drivers/gpu' \
    --exclude='./lib/modules/*/kernel/drivers/media'
done
release=$(cd "$root/lib/modules" && echo *)
xen=/usr/lib/xen-4.17

# ---- hypervisor and kernel

gzip -dc "$root/boot/xen-4.17-amd64.gz" > "$out/xen"
cp "$root/boot/vmlinuz-$release" "$out/vmlinuz"
# The XZ payload of the bzImage: its place stands in the setup header (payload_offset, payload_length).
python3 - "$out/vmlinuz" "$out/vmlinux" <<'PYTHON'
import lzma, struct, sys
image = open(sys.argv[1], 'rb').read()
setup = ((image[0x1f1] or 4) + 1) * 512
offset, length = struct.unpack_from('<II', image, 0x248)
payload = image[setup + offset:][:length]
# A decompressor, unlike lzma.decompress, ignores the size that follows the stream.
open(sys.argv[2], 'wb').write(lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload))
PYTHON
strip -g "$out/vmlinux"

# ---- helpers: `into` is the tree that they fill

declare -A copied
# Copies a file of the packages, and every shared library that it needs.
copy() {
  [ -z "${copied[$into$1]:-}" ] || return 0
  copied[$into$1]=1
  [ -e "$root$1" ] || refuse "No package has $1."
  mkdir -p "$into${1%/*}"
  cp -L "$root$1" "$into$1"
  local name
  while read -r name; do library "$name"; done < <(readelf -d "$root$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}
library() {
  local folder
  for folder in /usr/lib/x86_64-linux-gnu /usr/lib /usr/lib64; do
    if [ -e "$root$folder/$1" ]; then copy "$folder/$1"; return; fi
  done
  refuse "No package has the library $1."
}
skeleton() {
  mkdir -p "$into"/usr/{bin,sbin,lib,lib64} "$into"/{proc,sys,dev,etc,tmp,run,root,host,img,disk,mnt,var/log,var/lib}
  local folder
  for folder in bin sbin lib lib64; do ln -sfn "usr/$folder" "$into/$folder"; done
}
pack() { (cd "$into" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --quiet -R 0:0); }
module() { find "$root/lib/modules/$release" -name "$1.ko" | head -1; }

# ---- Domain-0

say "Domain-0, kernel $release"
into=$work/dom0
skeleton
copy /usr/bin/busybox
for applet in $("$root/usr/bin/busybox" --list); do
  [ "$applet" = busybox ] || ln -sf busybox "$into/usr/bin/$applet"
done
# Xen's hotplug scripts want bash, flock and GNU stat; the rest is for the tests' comfort.
for program in /usr/bin/{bash,ip,socat,flock,stat,readlink,date,timeout,sha256sum} /usr/sbin/{bridge,tc,losetup}; do
  rm -f "$into/usr/bin/${program##*/}"
  [ -e "$root$program" ] || program=${program/bin\//sbin/}
  [ -e "$root$program" ] || program=${program/ssbin/sbin}
  copy "$program"
done
[ -e "$into/usr/sbin/ip" ] || ln -s ../bin/ip "$into/usr/sbin/ip"
mkdir -p "$into/lib64"
cp "$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$into/lib64/"

for tool in xl xenstored xenconsoled xenconsole xen-init-dom0 libxl-save-helper xentop xen-diag lsevtchn xenctx \
  xenstore-control; do copy $xen/bin/$tool; done
for tool in ls read write list rm watch exists chmod; do copy /usr/bin/xenstore-$tool; done
for tool in xl xentop xenconsole xen-diag; do ln -sf $xen/bin/$tool "$into/usr/sbin/$tool"; done
mkdir -p "$into$xen/boot"
cp "$root$xen/boot/hvmloader" "$into$xen/boot/"

# What a Swift program with its static standard library needs, and what the agent loads at run time.
for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libutil.so.1 libresolv.so.2 libnss_files.so.2 \
  libnss_dns.so.2 libgcc_s.so.1 libstdc++.so.6 libz.so.1 libssl.so.3 libcrypto.so.3 libsqlite3.so.0 \
  libxenlight.so.4.17 libxlutil.so.4.17 libxenctrl.so.4.17 libxenguest.so.4.17 libxenstat.so.4.17 libxenstore.so.4 \
  libxentoollog.so.1 libxenevtchn.so.1 libxengnttab.so.1 libxenforeignmemory.so.1; do
  library $name
done

mkdir -p "$into/etc/xen/auto" "$into"/var/lib/xen/{save,dump,xenpaging} "$into"/var/lib/{xenstored,ovm} \
  "$into"/var/log/{xen/console,ovm} "$into"/run/{xen,xenstored,lock} "$into/etc/ovm"
cp -a "$root/etc/xen/." "$into/etc/xen/"
ln -sfn ../run "$into/var/run"
ln -sfn ../run/lock "$into/var/lock"
echo 'root:x:0:0:root:/root:/bin/sh' > "$into/etc/passwd"
echo 'root:x:0:' > "$into/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files\n' > "$into/etc/nsswitch.conf"
printf '127.0.0.1 localhost\n10.77.0.1 xen1\n10.77.0.2 xen2\n10.77.0.3 xen3\n10.77.0.4 xen4\n' > "$into/etc/hosts"
touch "$into/etc/mtab"

# Modules: `order` is loaded at boot by insmod, which is much faster than modprobe; the others wait for modprobe.
at_boot=(xen-evtchn xen-privcmd xen-gntdev xenfs virtio_pci virtio_net virtio_blk 9p 9pnet_virtio crc32c_generic ext4
  bridge xen-netback xen-blkback loop)
on_demand=(xen-gntalloc xen_wdt tun 8021q sch_netem sch_tbf sch_ingress act_mirred overlay)
depmod -b "$root" "$release" 2>/dev/null
with_dependencies() {
  local name
  for name in "$@"; do
    modprobe -d "$root" -S "$release" --show-depends "$name" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | awk '!seen[$0]++'
}
mkdir -p "$into/lib/modules/$release/kernel"
with_dependencies "${at_boot[@]}" | sed 's|.*/||' > "$into/lib/modules/order"
with_dependencies "${at_boot[@]}" "${on_demand[@]}" | while read -r file; do
  strip -g -o "$into/lib/modules/$release/kernel/${file##*/}" "$file"
done
cp "$root/lib/modules/$release"/modules.{builtin,order} "$into/lib/modules/$release/"
depmod -b "$into" "$release" 2>/dev/null

install -m 755 "$lab/Domain-0/init" "$into/init"
install -m 755 "$lab/Domain-0/lab-session" "$lab/Domain-0/lab-clock" "$into/usr/bin/"
pack > "$out/dom0.cpio"

# ---- the device model and firmware of HVM, as a second part of the initramfs

dom0=$into
into=$work/hvm
mkdir -p "$into"/usr/share/{seabios,qemu/keymaps}
copy /usr/libexec/xen-qemu-system-i386
cp -L "$root"/usr/share/seabios/{bios-256k,vgabios-stdvga,vgabios-cirrus}.bin "$into/usr/share/seabios/"
cp -L "$root"/usr/share/qemu/keymaps/en-us "$into/usr/share/qemu/keymaps/"
for name in trace-events-all; do [ ! -e "$root/usr/share/qemu/$name" ] || cp -L "$root/usr/share/qemu/$name" "$into/usr/share/qemu/"; done
for folder in seabios qemu; do
  for file in "$root/usr/share/$folder"/{linuxboot*,multiboot*,kvmvapic,pvh}.bin; do
    [ ! -e "$file" ] || cp -L "$file" "$into/usr/share/$folder/"
  done
done
(cd "$into" && find . -type f) | while read -r file; do [ ! -e "$dom0/$file" ] || rm "$into/$file"; done
{ cat "$out/dom0.cpio"; pack; } > "$out/dom0-hvm.cpio"

# ---- the tiny guest

into=$work/guest
skeleton
copy /usr/bin/busybox
for applet in sh mount umount cat echo sleep uname ls ps free ip ping nc date insmod nproc awk sed grep dd dmesg hostname head tr cut rm; do
  ln -sf busybox "$into/usr/bin/$applet"
done
mkdir -p "$into/lib/modules"
for name in xen-netfront xen-blkfront; do strip -g -o "$into/lib/modules/$name.ko" "$(module $name)"; done
install -m 755 "$lab/Guest/init" "$into/init"
install -m 755 "$lab/Guest/poweroff" "$lab/Guest/reboot" "$into/usr/sbin/"
pack | gzip -9n > "$out/guest.cpio.gz"

# ---- done: the image appears whole or not at all

echo "$list" > "$out/packages"
touch "$out/complete"
rm -rf "$final"
mv "$out" "$final"
ln -sfn "images/$key" "$OVM_XEN_LAB/image"
# The three newest images stay.
ls -1dt "$OVM_XEN_LAB"/images/*/complete 2>/dev/null | tail -n +4 | while read -r old; do rm -rf "${old%/complete}"; done
say "image $key: $(cd "$final" && du -m xen vmlinux dom0.cpio dom0-hvm.cpio guest.cpio.gz | awk '{ printf "%s %s MiB; ", $2, $1 }')"
