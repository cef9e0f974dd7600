package outbound_test

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
)

// answer answers the questions of one connection, in the form that DNS has on
// TCP (RFC 1035): an A record of 127.0.0.1, and no others.
func answer(conn net.Conn) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		reply := loopbackRecord(question)
		binary.BigEndian.PutUint16(size[:], uint16(len(reply)))
		if _, err := conn.Write(slices.Concat(size[:], reply)); err != nil {
			return
		}
	}
}

// loopbackRecord returns the reply to a message with one question.
func loopbackRecord(q []byte) []byte {
	const head = 12
	end := head
	for q[end] != 0 {
		end += 1 + int(q[end])
	}
	end += 5 // the root, type and class
	isA := q[end-3] == 1
	reply := slices.Concat(q[:2], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[head:end])
	if isA {
		reply[7] = 1
		reply = append(reply, 0xc0, head, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
	}
	return reply
}
