#!/bin/sh
# Runs after the files are in place. dpkg calls it with "configure" and the
# version that was installed before, rpm with the number of installed versions.
set -e

systemd-sysusers tokengraft.conf
# Secrets may be in files of this folder: other users cannot enter it.
chgrp tokengraft /etc/tokengraft
chmod 0750 /etc/tokengraft
install -d -o tokengraft -g tokengraft -m 0700 /var/lib/tokengraft

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	# Restarts after an upgrade, if it was running.
	systemctl try-restart tokengraft.service
fi

if [ "$1$2" = configure ] || [ "$1" = 1 ]; then
	echo "tokengraft is installed and not started. Edit /etc/tokengraft/tokengraft.yaml, then:"
	echo "  systemctl enable --now tokengraft"
fi
