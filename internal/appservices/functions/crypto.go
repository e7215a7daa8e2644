package functions

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"

	"github.com/dop251/goja"
)

// newCrypto returns utils.crypto. What the methods throw never quotes a key.
func (c *call) newCrypto() *goja.Object {
	object := c.vm.NewObject()
	c.set(object, "encrypt", c.encrypt)
	c.set(object, "decrypt", c.decrypt)
	c.set(object, "sign", c.sign)
	c.set(object, "verify", c.verify)
	c.set(object, "hmac", c.hmac)
	c.set(object, "hash", c.hash)
	return object
}

// aead returns AES in Galois/Counter Mode (NIST SP 800-38D), which App Services used:
// the nonce of 12 bytes comes before the text, and the tag of 16 bytes after it.
func (c *call) aead(method, key goja.Value) cipher.AEAD {
	if c.name(method, "the encryption type") != "aes" {
		c.throw(`utils.crypto: the encryption type must be "aes"`)
	}
	block, err := aes.NewCipher(c.data(key, "the key"))
	if err != nil {
		c.throw("utils.crypto: a key of AES has 16, 24 or 32 bytes")
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		c.throw("utils.crypto: " + err.Error())
	}
	return aead
}

// encrypt is utils.crypto.encrypt(type, message, key).
func (c *call) encrypt(request goja.FunctionCall) goja.Value {
	aead := c.aead(request.Argument(0), request.Argument(2))
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return c.bytesValue(aead.Seal(nonce, nonce, c.data(request.Argument(1), "the message"), nil))
}

// decrypt is utils.crypto.decrypt(type, encrypted, key).
func (c *call) decrypt(request goja.FunctionCall) goja.Value {
	aead := c.aead(request.Argument(0), request.Argument(2))
	sealed := c.data(request.Argument(1), "the encrypted message")
	if len(sealed) < aead.NonceSize() {
		c.throw("utils.crypto.decrypt: the encrypted message is too short")
	}
	text, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		c.throw("utils.crypto.decrypt: the message was not encrypted with this key, or was changed")
	}
	return c.bytesValue(text)
}

// padding returns whether a signature scheme is PSS, which is the default.
func (c *call) padding(method, scheme goja.Value) (pss bool) {
	if c.name(method, "the encryption type") != "rsa" {
		c.throw(`utils.crypto: the encryption type must be "rsa"`)
	}
	switch {
	case absent(scheme), text(scheme) == "pss":
		return true
	case text(scheme) == "pkcs1v15":
		return false
	}
	c.throw(`utils.crypto: the signature scheme must be "pss" or "pkcs1v15"`)
	return false
}

// sign is utils.crypto.sign(type, message, privateKey, scheme). It signs the SHA-256 of
// the message.
func (c *call) sign(request goja.FunctionCall) goja.Value {
	pss := c.padding(request.Argument(0), request.Argument(3))
	sum := sha256.Sum256(c.data(request.Argument(1), "the message"))
	key, err := parsePrivate[*rsa.PrivateKey](c.data(request.Argument(2), "the private key"))
	var signature []byte
	switch {
	case err != nil:
	case pss:
		signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
	default:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	}
	if err != nil {
		c.throw("utils.crypto.sign: " + err.Error())
	}
	return c.bytesValue(signature)
}

// verify is utils.crypto.verify(type, message, publicKey, signature, scheme).
func (c *call) verify(request goja.FunctionCall) goja.Value {
	pss := c.padding(request.Argument(0), request.Argument(4))
	sum := sha256.Sum256(c.data(request.Argument(1), "the message"))
	key, err := parsePublic[*rsa.PublicKey](c.data(request.Argument(2), "the public key"))
	if err != nil {
		c.throw("utils.crypto.verify: " + err.Error())
	}
	signature := c.data(request.Argument(3), "the signature")
	if pss {
		err = rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, nil)
	} else {
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	}
	return c.vm.ToValue(err == nil)
}

var errHash = errors.New(`the hash function must be "sha1", "sha256", "sha512" or "md5"`)

// newHash returns the hash function of a name. App Services had sha512 only in hmac,
// and md5 only in hash.
func newHash(name string) (func() hash.Hash, error) {
	switch name {
	case "sha1":
		return sha1.New, nil
	case "sha256":
		return sha256.New, nil
	case "sha512":
		return sha512.New, nil
	case "md5":
		return md5.New, nil
	}
	return nil, errHash
}

// hmac is utils.crypto.hmac(input, secret, hash, format).
func (c *call) hmac(request goja.FunctionCall) goja.Value {
	newHash, err := newHash(c.name(request.Argument(2), "the hash function"))
	if err != nil {
		c.throw("utils.crypto.hmac: " + err.Error())
	}
	mac := hmac.New(newHash, c.data(request.Argument(1), "the secret"))
	mac.Write(c.data(request.Argument(0), "the input"))
	switch text(request.Argument(3)) {
	case "hex":
		return c.vm.ToValue(hex.EncodeToString(mac.Sum(nil)))
	case "base64":
		return c.vm.ToValue(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	c.throw(`utils.crypto.hmac: the output format must be "hex" or "base64"`)
	return nil
}

// hash is utils.crypto.hash(hash, input).
func (c *call) hash(request goja.FunctionCall) goja.Value {
	newHash, err := newHash(c.name(request.Argument(0), "the hash function"))
	if err != nil {
		c.throw("utils.crypto.hash: " + err.Error())
	}
	sum := newHash()
	sum.Write(c.data(request.Argument(1), "the input"))
	return c.bytesValue(sum.Sum(nil))
}
