# Makes a machine of the namespaces that this shell was started in, and becomes its init.
#
#   start.sh NAME BASE STORAGE MEGABYTES
set -e
name=$1 base=$2 storage=$3
mount --make-rprivate /
hostname "$name"
mount -t tmpfs -o "size=$4m,mode=755" "$name" "$storage"
mkdir "$storage/upper" "$storage/work" "$storage/root"
root=$storage/root
mount -t overlay -o "lowerdir=$base,upperdir=$storage/upper,workdir=$storage/work" "$name" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir "$root/run/machine"
: >"$root/run/machine/boot_id"
mount --bind "$root/run/machine/boot_id" "$root/proc/sys/kernel/random/boot_id"
cp -a "$storage.laid/." "$root/"
ip link set lo up
# what lies outside is not to be seen from inside
mkdir "$root/mnt/outside"
cd "$root"
pivot_root . mnt/outside
umount -l /mnt/outside
rmdir /mnt/outside
exec /sbin/machine-init </dev/null >/var/log/init.log 2>&1
