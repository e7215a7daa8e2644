//go:build !linux

package sockets

func bound(uintptr) {}
