package pasted

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// Byte order marks. Windows puts them before text: PowerShell writes files in UTF-16.
const (
	utf8Mark         = "\xef\xbb\xbf"
	littleEndianMark = "\xff\xfe"
	bigEndianMark    = "\xfe\xff"
)

func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte(littleEndianMark)) || bytes.HasPrefix(text, []byte(bigEndianMark))
}

// fromUTF16 returns a text with a byte order mark in UTF-8, without the mark.
func fromUTF16(text []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(text, []byte(bigEndianMark)) {
		order = binary.BigEndian
	}
	var units []uint16
	for text = text[len(littleEndianMark):]; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return []byte(string(utf16.Decode(units)))
}
