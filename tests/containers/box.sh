#!/bin/sh
# box.sh FOLDER REPOSITORY PREFIX BASE_PREFIX ENV... COMMAND...: the command as process 1 of what is next to a container:
# its own mounts and processes, a root that nobody can write, the Dockerfile's folders and user, no capability.
# Rule: run in `unshare --mount --pid --fork` by root; all of it goes with the last process. Neighbours: test_boxed.py.
set -eu
root=$1 repository=$2 prefix=$3 base=$4
shift 4
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs $root
mkdir -p $root/app/deploy $root/opt/parity $root/tmp $root/proc $root/dev/shm $root/usr $root/etc $root/var/lib/parity "$root$base"
for each in lib lib64 bin; do ln -s usr/$each $root/$each; done
cp /etc/passwd /etc/group /etc/hosts /etc/nsswitch.conf /etc/ld.so.cache $root/etc/
for each in shared fastapi_impl flask_impl; do cp -r "$repository/$each" $root/app/; done
cp "$repository/deploy/health.py" $root/app/deploy/
for each in null zero random urandom; do
    touch $root/dev/$each
    mount --bind /dev/$each $root/dev/$each
done
bound() { mount --bind "$1" "$2" && mount -o remount,ro,bind "$2"; }
bound /usr $root/usr
[ "$base" = /usr ] || bound "$base" "$root$base"
bound "$prefix" $root/opt/parity
mount -t proc proc $root/proc
mount -t tmpfs tmpfs $root/tmp
mount -t tmpfs -o mode=700,uid=10001,gid=10001 tmpfs $root/var/lib/parity
mount -o remount,ro $root
exec chroot $root /usr/bin/setpriv --reuid 10001 --regid 10001 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
    /usr/bin/env -i --chdir=/app PATH=/opt/parity/bin:/usr/bin "$@"
