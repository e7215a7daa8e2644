// Package packaging has what the deb and rpm packages are made of besides the
// program: the systemd unit, a configuration, and the scripts that dpkg and rpm
// run. Its tests install the deb.
package packaging
