package functions_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/internal/appservices/functions"
)

// results runs the bodies of functions of one app, in which v returns one of the values. It
// returns what each returns as text, or the message that it throws after "throws ".
func results(t *testing.T, bodies []string, values map[string]string) (texts []string) {
	t.Helper()
	o := functions.Options{Functions: map[string]string{}, Values: map[string]json.RawMessage{}}
	for i, body := range bodies {
		o.Functions[fmt.Sprint("f", i)] = "exports = async () => { const v = (name) => context.values.get(name);\n" + body + "\n}"
	}
	for name, value := range values {
		o.Values[name], _ = json.Marshal(value)
	}
	app, err := functions.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { app.Close(context.Background()) })
	for i := range bodies {
		got, err := app.Call(t.Context(), functions.Call{Function: fmt.Sprint("f", i)})
		text := string(got)
		if e, ok := errors.AsType[*functions.Error](err); ok {
			text = "throws " + e.Message
		} else if err != nil {
			t.Fatal(err)
		} else if json.Unmarshal(got, &text) != nil {
			text = string(got)
		}
		texts = append(texts, text)
	}
	return texts
}

// A returning is the body of a function, and what it returns.
type returning struct{ body, want string }

func check(t *testing.T, rows []returning, values map[string]string) {
	t.Helper()
	bodies := make([]string, len(rows))
	for i, row := range rows {
		bodies[i] = row.body
	}
	for i, got := range results(t, bodies, values) {
		if got != rows[i].want {
			t.Errorf("%s: got %s, want %s", rows[i].body, got, rows[i].want)
		}
	}
}

// The examples and their outputs are those of App Services' documentation.
func TestCrypto_ReturnsWhatAppServicesDocumented(t *testing.T) {
	const aes = `"603082712271C525E087BD999A4E0738"`
	check(t, []returning{
		{`return utils.crypto.decrypt("aes", BSON.Binary.fromBase64("WPBuIvJ6Bity43Uh822dW8QlVYVJaFUiDeUjlTiJXzptUuTYIKPlXekBQAJb"), ` + aes + `).text()`, "MongoDB is great!"},
		{`return utils.crypto.hmac("hello!", "super-secret", "sha256", "base64")`, "SUXd6PRMaTXXgBGaGsIHzaDWgTSa6C3D44lRGrvRak0="},
		{`return utils.crypto.hash("sha256", "hello!").toBase64()`, "zgYJL7lI2f+sfRo3bkBLJrdXW8wR7gWkYV/vT+w6MIs="},
		{`return utils.crypto.hash("sha256", BSON.Binary.fromHex("68656c6c6f21")).toBase64()`, "zgYJL7lI2f+sfRo3bkBLJrdXW8wR7gWkYV/vT+w6MIs="},
		{`return utils.crypto.hash("md5", "hello!").toHex()`, "5a8dd3ad0756a93ded72b823b19dd877"},
		{`return utils.crypto.hmac("a", "b", "sha1", "hex").length + "," + utils.crypto.hmac("a", "b", "sha512", "hex").length`, "40,128"},
		{`const e = utils.crypto.encrypt("aes", "Zoë", ` + aes + `); return [e instanceof BSON.Binary, utils.crypto.decrypt("aes", e, ` + aes + `).text()].join()`, "true,Zoë"},
		{`const e = () => utils.crypto.encrypt("aes", "a", ` + aes + `).toHex(); return String(e() === e())`, "false"},
		{`return utils.crypto.decrypt("aes", utils.crypto.encrypt("aes", "a", "0123456789abcdef"), "0123456789abcdeF")`, "throws utils.crypto.decrypt: the message was not encrypted with this key, or was changed"},
		{`return utils.crypto.decrypt("aes", BSON.Binary.fromHex("00"), ` + aes + `)`, "throws utils.crypto.decrypt: the encrypted message is too short"},
		{`return utils.crypto.encrypt("aes", "a", "short")`, "throws utils.crypto: a key of AES has 16, 24 or 32 bytes"},
		{`return utils.crypto.encrypt("des", "a", ` + aes + `)`, `throws utils.crypto: the encryption type must be "aes"`},
		{`return utils.crypto.hash("sha3", "a")`, `throws utils.crypto.hash: the hash function must be "sha1", "sha256", "sha512" or "md5"`},
		{`return utils.crypto.hash("sha256")`, "throws the input must be text or a BSON.Binary"},
		{`return utils.crypto.hash("sha256", Object.create(BSON.Binary.prototype))`, "throws the input must be text or a BSON.Binary"},
		{`const key = Object.create(BSON.Binary.prototype); key.buffer = "secret"; return utils.crypto.hmac("a", key, "sha256", "hex")`, "throws the secret must be text or a BSON.Binary"},
		{`return utils.crypto.hmac("a", "b", "sha256", "text")`, `throws utils.crypto.hmac: the output format must be "hex" or "base64"`},
	}, nil)
}

// pems are keys, each in the formats in which apps have them.
func pems(t *testing.T) map[string]string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{
		"pkcs1":  text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private)),
		"public": text("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)),
		"pkix":   text("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&private.PublicKey))),
		"pkcs8":  text("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(private))),
	}
	keys["escaped"] = strings.ReplaceAll(keys["pkcs1"], "\n", `\n`)
	for name, curve := range map[string]elliptic.Curve{"256": elliptic.P256(), "384": elliptic.P384(), "512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys["ec"+name] = text("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
		keys["ecpublic"+name] = text("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&key.PublicKey)))
	}
	return keys
}

func text(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func must(der []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return der
}

func TestCrypto_SignaturesVerify(t *testing.T) {
	keys := pems(t)
	const verify = `, "the text", v("public"), `
	check(t, []returning{
		{`return utils.crypto.verify("rsa"` + verify + `utils.crypto.sign("rsa", "the text", v("pkcs1")))`, "true"},
		{`return utils.crypto.verify("rsa"` + verify + `utils.crypto.sign("rsa", "the text", v("pkcs1"), "pss"), "pss")`, "true"},
		{`return utils.crypto.verify("rsa", "the text", v("pkix"), utils.crypto.sign("rsa", "the text", v("pkcs8"), "pkcs1v15"), "pkcs1v15")`, "true"},
		{`return utils.crypto.verify("rsa"` + verify + `utils.crypto.sign("rsa", "the text", v("escaped")))`, "true"},
		{`return utils.crypto.verify("rsa"` + verify + `utils.crypto.sign("rsa", "the text", v("pkcs1"), "pss"), "pkcs1v15")`, "false"},
		{`return utils.crypto.verify("rsa"` + verify + `utils.crypto.sign("rsa", "another text", v("pkcs1")))`, "false"},
		{`return utils.crypto.sign("rsa", "the text", v("ec256"))`, "throws utils.crypto.sign: the key is of another type than the algorithm needs"},
		{`return utils.crypto.sign("rsa", "the text", "secret")`, "throws utils.crypto.sign: the key is not in PEM format: it must start with a line such as -----BEGIN RSA PRIVATE KEY-----"},
		{`return utils.crypto.sign("rsa", "the text", v("pkcs1"), "plain")`, `throws utils.crypto: the signature scheme must be "pss" or "pkcs1v15"`},
	}, keys)
}

func TestJWT_ReturnsWhatAppServicesDocumented(t *testing.T) {
	keys := pems(t)
	keys["documented"] = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvZSBTY2htb2UiLCJpYXQiOjE1NjU3MjEyMjMxODd9.-QL15ldu2BYuJokNWT6YRiwZQIiIpvq6Kyv-C6qslNdNiUVxo8zqLJZ1iEkNf2yZKMIrQuMCtIC1tzd2H31AxA"
	check(t, []returning{
		{`return utils.jwt.encode("HS512", {sub: "1234567890", name: "Joe Schmoe", iat: 1565721223187}, "SuperSecret")`, keys["documented"]},
		{`return JSON.stringify(utils.jwt.decode(v("documented"), "SuperSecret", false, ["HS512"]))`, `{"sub":"1234567890","name":"Joe Schmoe","iat":1565721223187}`},
		{`return JSON.stringify(utils.jwt.decode(v("documented"), "SuperSecret", true).header)`, `{"alg":"HS512","typ":"JWT"}`},
		{`return utils.jwt.decode(v("documented"), "SuperSecret", true).payload.name`, "Joe Schmoe"},
		{`return JSON.stringify(utils.jwt.decode(utils.jwt.encode("HS256", {a: 1}, "s", {kid: "k", alg: "none"}), "s", true).header)`, `{"alg":"HS256","typ":"JWT","kid":"k"}`},
		{`return utils.jwt.decode(v("documented"), "another")`, "throws utils.jwt.decode: signature is invalid"},
		{`return utils.jwt.decode(v("documented"), "SuperSecret", false, ["HS256"])`, "throws utils.jwt.decode: the signing method of the token is not accepted"},
		{`return utils.jwt.decode(v("documented"), "SuperSecret", false, [])`, "throws utils.jwt.decode: the signing method of the token is not accepted"},
		{`return utils.jwt.decode("a.b", "SuperSecret")`, "throws utils.jwt.decode: token contains an invalid number of segments"},
		{`return utils.jwt.decode("e30.e30.e30", "SuperSecret")`, "throws utils.jwt.decode: the signing method is unknown: use HS256, RS256, PS256 or ES256, or one of them with 384 or 512"},
		{`return utils.jwt.decode("eyJhbGciOiJub25lIn0.e30.", "")`, "throws utils.jwt.decode: the signing method is unknown: use HS256, RS256, PS256 or ES256, or one of them with 384 or 512"},
		{`return utils.jwt.decode(utils.jwt.encode("HS256", {exp: 1}, "s"), "s")`, "throws utils.jwt.decode: token is expired"},
		{`return utils.jwt.decode(utils.jwt.encode("HS256", {nbf: 99999999999}, "s"), "s")`, "throws utils.jwt.decode: token is not valid yet"},
		{`return utils.jwt.decode(utils.jwt.encode("HS256", {}, v("pkix")), v("pkix"))`, "throws utils.jwt.decode: the token is signed with a secret, but the key is in PEM format: pass the accepted signing methods too"},
		{`return utils.jwt.decode(utils.jwt.encode("HS256", {exp: 1, EXP: 99999999999}, "s"), "s")`, "throws utils.jwt.decode: token is expired"},
		{`return utils.jwt.decode(utils.jwt.encode("HS256", {Nbf: "July"}, "s"), "s").Nbf`, "July"},
		{`return utils.jwt.decode(utils.jwt.encode("HS256", {}, "s", {ALG: "RS256"}), "s", true).header.ALG`, "RS256"},
		{`return utils.jwt.decode(utils.jwt.encode("HS256", {}, ""), "")`, "throws utils.jwt.decode: the secret is empty, so everyone could sign the token"},
		{`const broken = v("pkix").replace(/\n/g, " "); return utils.jwt.decode(utils.jwt.encode("HS256", {}, broken), broken)`, "throws utils.jwt.decode: the token is signed with a secret, but the key is in PEM format: pass the accepted signing methods too"},
		{`return utils.jwt.encode("none", {}, "s")`, "throws utils.jwt.encode: the signing method is unknown: use HS256, RS256, PS256 or ES256, or one of them with 384 or 512"},
		{`return utils.jwt.encode("ES256", {}, v("ec384"))`, "throws utils.jwt.encode: the key is of another type than the algorithm needs"},
		{`return utils.jwt.encode("HS256", "text", "s")`, "throws utils.jwt.encode: the payload must be an object"},
		{`return utils.jwt.encode("HS256", [1], "s")`, "throws utils.jwt.encode: the payload must be an object"},
		{`return utils.jwt.encode("HS256", { toJSON() {} }, "s")`, "throws utils.jwt.encode: the payload must be an object"},
	}, keys)
}

// What one library signs, the other verifies.
func TestJWT_FitsAnotherLibrary(t *testing.T) {
	keys := pems(t)
	parse := map[string]func([]byte) (any, error){
		"HS": func(key []byte) (any, error) { return key, nil },
		"RS": func(key []byte) (any, error) { return jwt.ParseRSAPublicKeyFromPEM(key) },
		"PS": func(key []byte) (any, error) { return jwt.ParseRSAPublicKeyFromPEM(key) },
		"ES": func(key []byte) (any, error) { return jwt.ParseECPublicKeyFromPEM(key) },
	}
	sign := map[string]func([]byte) (any, error){
		"HS": parse["HS"],
		"RS": func(key []byte) (any, error) { return jwt.ParseRSAPrivateKeyFromPEM(key) },
		"PS": func(key []byte) (any, error) { return jwt.ParseRSAPrivateKeyFromPEM(key) },
		"ES": func(key []byte) (any, error) { return jwt.ParseECPrivateKeyFromPEM(key) },
	}
	keys["secret"] = "0123456789abcdef"
	var encode, decode []string
	var verified []func(token string)
	for family := range maps.Keys(parse) {
		for _, bits := range []string{"256", "384", "512"} {
			method := family + bits
			private, public := map[string]string{"HS": "secret", "ES": "ec" + bits}[family], map[string]string{"HS": "secret", "ES": "ecpublic" + bits}[family]
			if private == "" {
				private, public = "pkcs8", "pkix"
			}
			encode = append(encode, `return utils.jwt.encode("`+method+`", {sub: "u1"}, v("`+private+`"))`)
			verified = append(verified, func(token string) {
				key, err := parse[family]([]byte(keys[public]))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{method})); err != nil {
					t.Errorf("%s: the other library refuses %s: %v, want it valid", method, token, err)
				}
			})
			key, err := sign[family]([]byte(keys[private]))
			if err != nil {
				t.Fatal(err)
			}
			if keys[method], err = jwt.NewWithClaims(jwt.GetSigningMethod(method), jwt.MapClaims{"sub": "u1"}).SignedString(key); err != nil {
				t.Fatal(err)
			}
			decode = append(decode, `return utils.jwt.decode(v("`+method+`"), v("`+public+`"), false, ["`+method+`"]).sub`)
		}
	}
	for i, token := range results(t, encode, keys) {
		verified[i](token)
	}
	for i, user := range results(t, decode, keys) {
		if user != "u1" {
			t.Errorf("%s: got %s for a token of the other library, want u1", decode[i], user)
		}
	}
}

func TestIntl_FormatsAsInTheUnitedStates(t *testing.T) {
	const at = `new Date("2020-03-02T16:46:47.977Z")`
	check(t, []returning{
		{`return (1250).toLocaleString("en-US")`, "1,250"},
		{`return (1234567.891).toLocaleString()`, "1,234,567.891"},
		{`return (-1234.5678).toLocaleString("de-DE")`, "-1,234.568"},
		{`return (0).toLocaleString(undefined, {minimumFractionDigits: 2})`, "0.00"},
		{`return (1250.5).toLocaleString("en-US", {style: "currency", currency: "USD"})`, "$1,250.50"},
		{`return (-3).toLocaleString("en-US", {style: "currency", currency: "EUR", maximumFractionDigits: 0})`, "-€3"},
		{`return (1250).toLocaleString("ja", {style: "currency", currency: "JPY"})`, "¥1,250"},
		{`return (0.256).toLocaleString("en", {style: "percent"})`, "26%"},
		{`return (12345n).toLocaleString("en-US")`, "12,345"},
		{`return [NaN, Infinity].map((n) => n.toLocaleString()).join(" ")`, "NaN ∞"},
		{`return [1000, 2.5].toLocaleString()`, "1,000,2.5"},
		{`return (1234).toLocaleString("en-US", {useGrouping: false})`, "1234"},
		{`return new Intl.NumberFormat("en-US").format(1e6)`, "1,000,000"},
		{`return [1e3].map(Intl.NumberFormat("fr").format)[0]`, "1,000"},
		{`return ` + at + `.toLocaleDateString("en-US", {timeZone: "UTC"})`, "3/2/2020"},
		{`return ` + at + `.toLocaleTimeString("en-US", {timeZone: "UTC"})`, "4:46:47 PM"},
		{`return ` + at + `.toLocaleString("en-US", {timeZone: "UTC"})`, "3/2/2020, 4:46:47 PM"},
		{`return ` + at + `.toLocaleString("pt-BR", {timeZone: "UTC", hour12: false})`, "3/2/2020, 16:46:47"},
		{`return ` + at + `.toLocaleDateString("en-US", {weekday: "long", year: "numeric", month: "long", day: "numeric", timeZone: "UTC"})`, "Monday, March 2, 2020"},
		{`return ` + at + `.toLocaleDateString("en-US", {month: "short", year: "numeric", timeZone: "UTC"})`, "Mar 2020"},
		{`return ` + at + `.toLocaleDateString("en-US", {day: "2-digit", month: "2-digit", year: "2-digit", timeZone: "UTC"})`, "03/02/20"},
		{`return ` + at + `.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", timeZone: "UTC"})`, "04:46 PM"},
		{`return new Intl.DateTimeFormat("en-US", {dateStyle: "medium", timeStyle: "short", timeZone: "UTC"}).format(` + at + `)`, "Mar 2, 2020, 4:46 PM"},
		{`return new Intl.DateTimeFormat("en-US", {timeZone: "UTC"}).format(0)`, "1/1/1970"},
		{`return new Date(NaN).toLocaleString()`, "Invalid Date"},
		{`return ["b", "a"].sort(new Intl.Collator("de").compare).join()`, "a,b"},
		{`return "ß".toLocaleUpperCase("de") + ["ä", "b"].sort((a, b) => a.localeCompare(b, "de")).join()`, "SSä,b"},
		{`return ` + at + `.toLocaleString("en-US", {timeZone: "Nowhere/Here"})`, "throws the time zone is unknown, or this system has no data about time zones; UTC is always known"},
	}, nil)
}
