package config

import (
	"errors"
	"net"
	"strconv"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// An Address is host:port to listen at, as in [net.Listen]. An empty host means
// every interface. The zero Address means no listener.
type Address string

// UnmarshalText parses host:port with a numeric port.
func (a *Address) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("want host:port, like 127.0.0.1:8080 or :8080")
	}
	*a = Address(text)
	return nil
}

// Describe says what the text may be.
func (Address) Describe() yamlbind.Scalar {
	return yamlbind.Scalar{
		Want:    "host:port",
		Schemas: []yamlbind.Schema{yamlbind.Matching(`^([^:\[\]]*|\[[^\[\]]*\]):[0-9]+$`)},
	}
}
