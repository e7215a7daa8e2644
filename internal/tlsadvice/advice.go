// Package tlsadvice says which setting to change when a TLS connection to the
// backend fails. The proxy logs the advice, and the command check prints it as a
// hint.
package tlsadvice

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
)

// For returns the advice for an error of a connection to the backend, as one or
// two sentences. It is empty if the error has nothing to do with TLS.
func For(err error) string {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	operation, network := errors.AsType[*net.OpError](err)
	switch {
	case plain:
		return "The backend does not speak TLS at this address. If it speaks plain HTTP, write http:// in the setting backend."
	case authority:
		return "Put the certificate of the authority that signed the backend's certificate into backend_tls.ca_file."
	case name:
		return "Set backend_tls.server_name to a name that is in the backend's certificate."
	case invalid:
		return "Check the clocks of both machines. If they are right, renew the backend's certificate."
	case network && operation.Op == "remote error":
		return "The backend refused the TLS connection. Set backend_tls.cert_file to a client certificate that it trusts."
	}
	return ""
}
