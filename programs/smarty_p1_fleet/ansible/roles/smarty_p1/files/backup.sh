#!/bin/sh
# Backs up VictoriaMetrics into a folder, and notes the time: smarty-p1-backup /mnt/backup/store
set -eu
# vmbackup makes a missing folder, and so would fill this disk while the disk for backups is not mounted.
[ -d "$1" ] || { echo "$1 is no folder: mount its disk, or make the folder" >&2; exit 1; }
. "${STORE_ENVIRONMENT:-/etc/default/victoria-metrics}"
noted=${NOTED_IN:-/var/lib/prometheus/node-exporter}/smarty_p1_backup.prom
for argument in $ARGS; do
  case $argument in
    -storageDataPath=*) data=$argument ;;
    -httpListenAddr=*) url=http://${argument#*=}/vm/snapshot ;;
  esac
done
# The login is not an argument: every user of the machine can see arguments.
ask() {
  printf 'user = "smarty_p1:%s"\n' "$httpAuth_password" | curl --silent --show-error --fail --config - "$url/$1"
}
name=$(ask create | sed 's/.*"snapshot":"\([^"]*\)".*/\1/')
trap 'ask "delete?snapshot=$name" >/dev/null' EXIT
# Its metrics need no login, so no other machine may ask for them.
vmbackup -httpListenAddr=127.0.0.1:0 "$data" "-snapshotName=$name" "-dst=fs://$1"
echo "smarty_p1_backup_end_seconds $(date +%s)" >"$noted.new"
chmod 644 "$noted.new" && mv "$noted.new" "$noted"
