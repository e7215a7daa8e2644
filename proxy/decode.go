package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

var errTooLarge = errors.New("larger than limits.body when decompressed")

// maxCodings limits how many content codings are removed. A small body with thousands of
// nested codings would take minutes. Real bodies have one coding, or two by mistake.
const maxCodings = 4

// noCodings are not codings. Some servers put a charset into Content-Encoding by mistake.
var noCodings = []string{"", "identity", "none", "utf-8", "utf8", "us-ascii", "iso-8859-1", "8bit", "binary"}

// contentCodings returns the content codings of a message in lower case, in the order in
// which they were applied. identity is none (RFC 9110, section 8.4.1).
func contentCodings(h http.Header) (codings []string) {
	for _, line := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			coding = strings.ToLower(strings.TrimSpace(coding))
			if !slices.Contains(noCodings, coding) {
				codings = append(codings, coding)
			}
		}
	}
	return codings
}

// decode removes the content codings of a body (RFC 9110, section 8.4), the last one
// first. It returns errTooLarge if a result is larger than limit, in bytes, and never
// decompresses more than that.
func decode(body []byte, codings []string, limit int64) ([]byte, error) {
	if len(codings) > maxCodings {
		return nil, fmt.Errorf("the body has %d content codings, at most %d are decoded", len(codings), maxCodings)
	}
	for _, coding := range slices.Backward(codings) {
		reader, err := decoder(body, coding)
		if err != nil {
			return nil, err
		}
		decoded := buffer{limit: limit, length: -1, grow: func(int64) error { return nil }} // its share is taken
		whole, err := decoded.readFrom(reader)
		reader.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", coding, err)
		}
		if !whole {
			return nil, errTooLarge
		}
		body = decoded.bytes
	}
	return body, nil
}

// DecodeBody returns a body without the content codings that its header names. It never
// decompresses more than limit bytes: a larger body is an error.
func DecodeBody(header http.Header, body []byte, limit int64) ([]byte, error) {
	return decode(body, contentCodings(header), limit)
}

// decoderCost returns the memory that a decoder uses for itself, in bytes. gzip and
// deflate use little. The window of zstd has at most 8 MiB, and that of br 16 MiB.
func decoderCost(h http.Header) int64 {
	codings := contentCodings(h)
	if slices.Contains(codings, "zstd") || slices.Contains(codings, "br") {
		return 18 << 20
	}
	return 256 << 10
}

func decoder(body []byte, coding string) (io.ReadCloser, error) {
	reader := bytes.NewReader(body)
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(reader)
	case "deflate":
		return inflate(body)
	case "br":
		return io.NopCloser(brotli.NewReader(reader)), nil
	case "zstd":
		// RFC 8878 requires decoders to support a window of 8 MiB. A larger window could
		// be an attack on memory.
		d, err := zstd.NewReader(reader, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(16<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("unknown content coding %q", coding)
}

// inflate reads the zlib format, which the coding "deflate" means. Some servers send raw
// deflate instead, so inflate also reads that.
func inflate(body []byte) (io.ReadCloser, error) {
	if reader, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
		return reader, nil
	}
	return flate.NewReader(bytes.NewReader(body)), nil
}

// compressed are the first bytes of compressed data: gzip, zstd, xz, bzip2 and ZIP.
var compressed = []string{"\x1f\x8b", "\x28\xb5\x2f\xfd", "\xfd7zXZ\x00", "BZh", "PK\x03\x04"}

// looksCompressed reports whether a body is compressed, although its header does not say
// so.
func looksCompressed(body []byte) bool {
	return slices.ContainsFunc(compressed, func(start string) bool { return bytes.HasPrefix(body, []byte(start)) })
}
