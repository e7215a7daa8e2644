package sockets

import "syscall"

// notSentLowat is TCP_NOTSENT_LOWAT, which package syscall does not have.
const notSentLowat = 0x19

func bound(socket uintptr) {
	// The kernel doubles the first one, for its own records.
	_ = syscall.SetsockoptInt(int(socket), syscall.SOL_SOCKET, syscall.SO_RCVBUF, Received)
	_ = syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, notSentLowat, unsent)
}
