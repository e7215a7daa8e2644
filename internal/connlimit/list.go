package connlimit

// A list is connections in the order in which they were added. Its links are in the
// connections, so that a request allocates nothing.
type list struct{ oldest, newest *conn }

// links are the place of a connection in a list.
type links struct {
	older, newer *conn
	in           *list
}

func (l *list) first() *conn { return l.oldest }

// add adds c as the newest. It must not be in a list.
func (l *list) add(c *conn) {
	c.links = links{older: l.newest, in: l}
	if l.newest == nil {
		l.oldest = c
	} else {
		l.newest.newer = c
	}
	l.newest = c
}

// remove removes c, if it is in the list.
func (l *list) remove(c *conn) {
	if c.in != l {
		return
	}
	if c.older == nil {
		l.oldest = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		l.newest = c.older
	} else {
		c.newer.older = c.older
	}
	c.links = links{}
}
