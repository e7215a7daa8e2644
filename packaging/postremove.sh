#!/bin/sh
# Runs after the files are removed. Only `dpkg --purge` calls it with "purge".
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
# The signing keys and the secrets in /etc/tokengraft. The user stays, so that no
# other service gets its id and its files.
if [ "$1" = purge ]; then
	rm -rf /var/lib/tokengraft /etc/tokengraft
fi
