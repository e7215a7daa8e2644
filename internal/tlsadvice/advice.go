// Package tlsadvice says which setting to look at when a TLS connection to the
// backend fails. The proxy puts it into its log, check into its findings.
package tlsadvice

import (
	"crypto/x509"
	"errors"
	"net"
)

// For returns the advice for an error of a connection to the backend. It is
// empty for errors that are not of TLS.
func For(err error) string {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	operation, network := errors.AsType[*net.OpError](err)
	switch {
	case authority:
		return "backend_tls.ca_file must have the authority that signed the backend's certificate."
	case name:
		return "backend_tls.server_name must be a name that the backend's certificate is for."
	case invalid:
		return "the backend's certificate must be renewed, if the clocks are right."
	case network && operation.Op == "remote error":
		return "the backend refuses our side of TLS: backend_tls.cert_file must be a certificate that it trusts."
	}
	return ""
}
