package jsonedit

import (
	"bytes"
	"slices"
	"unsafe"
)

// Clone returns an Object that can be edited without changing this one.
func (o *Object) Clone() *Object {
	text := o.text
	if o.inPlace {
		text = bytes.Clone(text)
	}
	clone := newObject(text)
	clone.members = append(clone.members, o.members...)
	clone.undo, clone.end = slices.Clone(o.undo), o.end
	return clone
}

// CopyFrom makes o a copy of another Object, in the memory that o has. An edit of o then
// overwrites its [Object.Bytes] and what is a part of them.
func (o *Object) CopyFrom(other *Object) {
	if !o.inPlace {
		*o = Object{inPlace: true}
		o.members = o.usual[:0]
	}
	o.text = append(o.text[:0], other.text...)
	o.members = append(o.members[:0], other.members...)
	o.undo = append(o.undo[:0], other.undo...)
	o.end = other.end
}

// Memory returns about how many bytes of memory a copy keeps for the next [Object.CopyFrom].
func (o *Object) Memory() int {
	return cap(o.text) + cap(o.insert) + cap(o.members)*int(unsafe.Sizeof(member{}))
}

// Set sets the value of a member. The value must be valid JSON; Set does not check
// it. An existing member keeps its place, and a new one becomes the last.
func (o *Object) Set(name string, value []byte) {
	if i := o.index(name); i >= 0 {
		m := &o.members[i]
		o.splice(m.value, m.end-m.value, value, i+1)
		m.end = m.value + len(value)
		return
	}
	insert := o.insert[:0]
	if len(o.members) > 0 {
		insert = append(insert, ',')
	}
	m := member{start: o.end + len(insert)}
	insert = AppendQuote(insert, name)
	m.nameLength = o.end + len(insert) - m.start - len(`""`)
	if quoted := insert[len(insert)-m.nameLength-1 : len(insert)-1]; string(quoted) != name {
		m.escaped = name
	}
	insert = append(insert, ':')
	m.value = o.end + len(insert)
	insert = append(insert, value...)
	m.end = o.end + len(insert)
	if o.inPlace {
		o.insert = insert
	}
	o.splice(o.end, 0, insert, len(o.members))
	o.members = append(o.members, m)
}

// Remove removes a member and one comma. It does nothing if there is no such
// member.
func (o *Object) Remove(name string) {
	i := o.index(name)
	if i < 0 {
		return
	}
	start, end := o.members[i].start, o.members[i].end
	switch {
	case i > 0:
		start = o.members[i-1].end
	case len(o.members) > 1:
		end = o.members[1].start
	}
	o.members = append(o.members[:i], o.members[i+1:]...)
	o.splice(start, end-start, nil, i)
}

// splice replaces length bytes at offset and records how to undo it. Then it moves
// the offsets after the edit: those of the members from index next, and of the
// closing brace.
func (o *Object) splice(offset, length int, with []byte, next int) {
	was := o.text[offset : offset+length]
	if o.inPlace {
		was = bytes.Clone(was)
		o.text = slices.Replace(o.text, offset, offset+length, with...)
	} else {
		o.text = slices.Concat(o.text[:offset], with, o.text[offset+length:])
	}
	o.undo = o.undo.add(splice{offset: offset, length: len(with), was: was})

	delta := len(with) - length
	for i := next; i < len(o.members); i++ {
		o.members[i].start += delta
		o.members[i].value += delta
		o.members[i].end += delta
	}
	o.end += delta
}
