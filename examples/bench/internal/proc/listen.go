//go:build linux

package proc

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// listens reports whether the process or a child of it listens on a TCP address over
// IPv4. A connection would not show that: the port may belong to another program.
func (p *Process) listens(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return false
	}
	socket, ok := listener(table, port)
	if !ok {
		return false
	}
	for _, pid := range family(p.PID()) {
		folder := fmt.Sprintf("/proc/%d/fd/", pid)
		files, _ := os.ReadDir(folder)
		for _, file := range files {
			if target, _ := os.Readlink(folder + file.Name()); target == socket {
				return true
			}
		}
	}
	return false
}

// listener returns the name of the socket that listens on a port, as /proc/PID/fd has it,
// from the content of /proc/net/tcp.
func listener(table []byte, port string) (socket string, ok bool) {
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", false
	}
	local := fmt.Sprintf(":%04X", number)
	for line := range bytes.Lines(table) {
		// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
		fields := strings.Fields(string(line))
		const listening = "0A"
		if len(fields) > 9 && fields[3] == listening && strings.HasSuffix(fields[1], local) {
			return "socket:[" + fields[9] + "]", true
		}
	}
	return "", false
}
