package exhaustion_test

// tlsRows are attacks on a TLS listener whose rules are gates.
var tlsRows = []attackRow{
	{name: "no attack", attack: func(a *attacker) { <-a.ctx.Done() }},
	{name: "connections without a handshake", attack: floodHandshakes},
	{name: "header lines of 1 MiB", attack: floodHeaders},
	{name: "gate, forms of 32 KiB, slow", attack: floodSmallForms},
	{name: "gate, answers of 900 KB that are not read", attack: leaveAnswers},
}

// clientHello is the start of a handshake: the header of a record, and too little of it.
const clientHello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

// floodHandshakes opens more connections than the program may have files. Half of them
// begin a handshake.
func floodHandshakes(a *attacker) {
	a.eachOf(openFiles+size(200, 2000), func(i int) {
		conn, closed := a.dialTCP()
		if conn == nil {
			return
		}
		defer closed()
		begin := ""
		if i%2 == 0 {
			begin = clientHello
		}
		a.writeTo(conn, begin, "")
	})
}
