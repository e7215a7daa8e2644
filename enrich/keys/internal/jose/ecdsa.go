package jose

import (
	"crypto/ecdsa"
	"crypto/rand"
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

// A signature of ECDSA is two numbers. In a JWS they are two big-endian numbers of the
// curve's size (RFC 7518, section 3.4), and crypto/ecdsa has them in DER: a SEQUENCE of two
// INTEGERs (RFC 3279, section 2.2.3). The detour over big.Int costs 8 allocations for a
// signature, and 14 and about a tenth of the time for a check (BenchmarkMethods).

const (
	derInteger  = 0x02
	derSequence = 0x30
	derLong     = 0x81 // the length is in the next byte
	derShort    = 0x80 // a length below this is one byte
)

// maxDER is the size of the longest signature: of ES512.
const maxDER = 3 + 2*(2+1+66)

var errDER = errors.New("jose: unexpected form of an ECDSA signature")

func signECDSA(dst []byte, m *jwt.SigningMethodECDSA, key *ecdsa.PrivateKey, text []byte) ([]byte, error) {
	if key.Curve.Params().BitSize != m.CurveBits {
		return nil, jwt.ErrInvalidKey
	}
	var sum digest
	der, err := ecdsa.SignASN1(rand.Reader, key, sum.of(m.Hash, text))
	if err != nil {
		return nil, err
	}
	return appendNumbers(dst, der, m.KeySize)
}

func verifyECDSA(m *jwt.SigningMethodECDSA, key *ecdsa.PublicKey, b *buffer, text string, signature []byte) bool {
	if len(signature) != 2*m.KeySize {
		return false
	}
	sum := b.sum.of(m.Hash, b.set(text))
	return ecdsa.VerifyASN1(key, sum, appendDER(b.der[:0], signature))
}

// appendDER appends the DER form of a signature.
func appendDER(dst, signature []byte) []byte {
	r, s := derNumber(signature[:len(signature)/2]), derNumber(signature[len(signature)/2:])
	length := r.size() + s.size()
	dst = append(dst, derSequence)
	if length >= derShort {
		dst = append(dst, derLong)
	}
	return s.append(r.append(append(dst, byte(length))))
}

// A number is a positive number without leading zeros. Zero is one zero.
type number []byte

func derNumber(n []byte) number {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	return n
}

// padding returns 1 if the first bit of a number is set, which would be the sign.
func (n number) padding() int { return int(n[0] >> 7) }

func (n number) size() int { return 2 + n.padding() + len(n) }

func (n number) append(dst []byte) []byte {
	dst = append(dst, derInteger, byte(n.padding()+len(n)))
	if n.padding() == 1 {
		dst = append(dst, 0)
	}
	return append(dst, n...)
}

// appendNumbers appends the two numbers of a signature in DER, each with size bytes.
func appendNumbers(dst, der []byte, size int) ([]byte, error) {
	if len(der) < 2 || der[0] != derSequence {
		return nil, errDER
	}
	der = der[1:]
	if der[0] == derLong {
		der = der[1:]
	}
	der = der[1:] // the length, which is that of the rest
	for range 2 {
		if len(der) < 2 || der[0] != derInteger || int(der[1]) > len(der)-2 {
			return nil, errDER
		}
		n := der[2 : 2+der[1]]
		der = der[2+der[1]:]
		if len(n) > size && n[0] == 0 {
			n = n[1:]
		}
		if len(n) > size {
			return nil, errDER
		}
		dst = append(append(dst, make([]byte, size-len(n))...), n...)
	}
	return dst, nil
}
