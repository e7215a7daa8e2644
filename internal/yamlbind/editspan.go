package yamlbind

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"
)

var errStyle = errors.New("the file is written in a way that this cannot edit for certain")

// A span is a part of a text: the offset of its first byte, and that behind its last.
type span struct{ start, end int }

// offsetOf returns the offset of a place. Columns count characters.
func offsetOf(source []byte, at Place) (int, bool) {
	offset := 0
	for range at.Line - 1 {
		i := bytes.IndexByte(source[offset:], '\n')
		if i < 0 {
			return 0, false
		}
		offset += i + 1
	}
	for range at.Column - 1 {
		if offset >= len(source) || source[offset] == '\n' {
			return 0, false
		}
		_, size := utf8.DecodeRune(source[offset:])
		offset += size
	}
	return offset, true
}

// lineStart returns the offset of the first byte of a line.
func lineStart(source []byte, offset int) int { return bytes.LastIndexByte(source[:offset], '\n') + 1 }

// lineEnd returns the offset behind a line and its end.
func lineEnd(source []byte, offset int) int {
	if i := bytes.IndexByte(source[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(source)
}

// skipSpaces returns the offset of the first byte that is not a space.
func skipSpaces(source []byte, offset int) int {
	for offset < len(source) && (source[offset] == ' ' || source[offset] == '\t') {
		offset++
	}
	return offset
}

// quotedEnd returns the offset behind a text in quotes that starts at an offset.
func quotedEnd(source []byte, offset int) (int, error) {
	quote := source[offset]
	for i := offset + 1; i < len(source); i++ {
		switch {
		case source[i] == '\\' && quote == '"':
			i++
		case source[i] == quote && quote == '\'' && i+1 < len(source) && source[i+1] == '\'':
			i++
		case source[i] == quote:
			return i + 1, nil
		}
	}
	return 0, errStyle
}

// valueStart returns the offset behind the colon of a key at an offset.
func valueStart(source []byte, offset int, key string) (int, error) {
	end := offset
	switch {
	case offset >= len(source):
		return 0, errStyle
	case source[offset] == '"' || source[offset] == '\'':
		var err error
		if end, err = quotedEnd(source, offset); err != nil {
			return 0, err
		}
		if string(source[offset+1:end-1]) != key {
			return 0, errStyle
		}
	case bytes.HasPrefix(source[offset:], []byte(key)):
		end = offset + len(key)
	default:
		return 0, errStyle
	}
	end = skipSpaces(source, end)
	if end >= len(source) || source[end] != ':' {
		return 0, errStyle
	}
	return end + 1, nil
}

// scalarSpan returns the span of a value on the line of its key: a scalar, or a list or
// mapping in brackets. It is empty if there is none on that line.
func scalarSpan(source []byte, offset int, inBrackets bool) (span, error) {
	start := skipSpaces(source, offset)
	if start >= len(source) {
		return span{offset, offset}, nil
	}
	switch char := source[start]; {
	case char == '\r' || char == '\n' || char == '#' || inBrackets && strings.IndexByte(",]}", char) >= 0:
		return span{offset, offset}, nil
	case char == '"' || char == '\'':
		end, err := quotedEnd(source, start)
		return span{start, end}, err
	case char == '[' || char == '{':
		end, err := bracketsEnd(source, start)
		return span{start, end}, err
	case strings.IndexByte("&*!|>", char) >= 0:
		return span{}, errStyle
	}
	end := start
	for end < len(source) && source[end] != '\n' && source[end] != '\r' {
		if source[end] == '#' && (source[end-1] == ' ' || source[end-1] == '\t') || inBrackets && strings.IndexByte(",]}", source[end]) >= 0 {
			break
		}
		end++
	}
	return span{start, start + len(bytes.TrimRight(source[start:end], " \t"))}, nil
}

// bracketsEnd returns the offset behind a list or mapping in brackets.
func bracketsEnd(source []byte, offset int) (int, error) {
	depth := 0
	for i := offset; i < len(source); i++ {
		switch source[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		case '#':
			if before := source[i-1]; before == ' ' || before == '\t' || before == '\n' {
				i = lineEnd(source, i) - 1
			}
		case '"', '\'':
			if strings.IndexByte(" \t\r\n,[{:", source[i-1]) < 0 {
				continue // inside plain text
			}
			end, err := quotedEnd(source, i)
			if err != nil {
				return 0, err
			}
			i = end - 1
		}
	}
	return 0, errStyle
}

// blockEnd returns the offset behind the last line from an offset on, a start of a line,
// that is indented at least as much as a block. Blank lines and comments at the end that
// are indented less do not belong to it.
func blockEnd(source []byte, offset, indent int) int {
	end := offset
	for at := offset; at < len(source); at = lineEnd(source, at) {
		first := skipSpaces(source, at)
		if first >= len(source) || source[first] == '\n' || source[first] == '\r' {
			continue
		}
		if first-at < indent {
			break
		}
		end = lineEnd(source, at)
	}
	return end
}
