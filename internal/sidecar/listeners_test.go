package sidecar

import (
	"net"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

func TestOpenListener_SaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): "listen: listen tcp 127.0.0.1:",
		"192.0.2.1:8080":      "This machine does not have this address",
	} {
		_, err := openListener(&config.Config{}, "listen", config.Address(address))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("listening on %s: %v, want %q", address, err, want)
		}
		if address == taken.Addr().String() && !strings.Contains(err.Error(), "Another program listens there") {
			t.Errorf("listening on a port in use: %v, want it to say that another program has it", err)
		}
	}
}
