package config

import (
	"errors"
	"net"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// An Address is host:port to listen on, as in [net.Listen]. An empty host means
// all interfaces. The zero Address means no listener.
type Address string

// UnmarshalText parses host:port with a numeric port.
func (a *Address) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("must be host:port, like 127.0.0.1:8080 or :8080")
	}
	*a = Address(text)
	return nil
}

var _ = yamlbind.Describe[Address](yamlbind.Scalar{
	Want:    "host:port",
	Schemas: []yamlbind.Schema{yamlbind.Matching(`^([^:\[\]]*|\[[^\[\]]*\]):[0-9]+$`)},
})
