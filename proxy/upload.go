package proxy

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
)

// upload sends a streamed request body while the reply is awaited or already
// on its way back. Its goroutine belongs to the flight, which waits for it.
type upload struct {
	body    io.Reader
	chunked bool

	done chan error
	last atomic.Bool // the client has sent all; what remains is being written
	sent int64       // valid once done has been received from
}

// Room in front of a piece of body for its chunk size line, and behind it for
// its end.
const (
	sizeRoom = 18
	tailRoom = 2
)

// startUpload begins to send the body, of which the flight has read the start.
func (f *flight) startUpload(up *upConn) {
	u := &upload{
		body: &f.incoming, chunked: f.chunked,
		done: make(chan error, 1),
	}
	f.upload = u
	up.in.set(phaseUpload)
	first := f.body
	go func() {
		err := u.run(up, first)
		if errors.Is(err, errClient) {
			_ = up.Conn.Close() // wakes whoever waits for the reply, which cannot come
		}
		up.in.swap(phaseUpload, phaseReply)
		u.done <- err
	}()
}

func (u *upload) run(up *upConn, first []byte) error {
	p := up.upstream.takeBuffer()
	defer up.upstream.buffers.Put(p)
	buf := *p
	n := copy(buf[sizeRoom:], first)
	for {
		if n > 0 {
			if err := up.send(u.piece(buf, n)); err != nil {
				return err
			}
			u.sent += int64(n)
		}
		if u.last.Load() {
			break
		}
		var err error
		n, err = u.body.Read(buf[sizeRoom : len(buf)-tailRoom])
		switch {
		case err == io.EOF:
			u.last.Store(true)
		case err != nil:
			return fmt.Errorf("%w: %w", errClient, err)
		}
	}
	if u.chunked {
		return up.send(lastChunk)
	}
	return nil
}

var lastChunk = []byte("0\r\n\r\n")

// piece frames n bytes of body that are in buf, behind sizeRoom.
func (u *upload) piece(buf []byte, n int) []byte {
	if !u.chunked {
		return buf[sizeRoom : sizeRoom+n]
	}
	var size [sizeRoom]byte
	line := append(strconv.AppendInt(size[:0], int64(n), 16), "\r\n"...)
	start := sizeRoom - len(line)
	copy(buf[start:], line)
	copy(buf[sizeRoom+n:], "\r\n")
	return buf[start : sizeRoom+n+tailRoom]
}

// settleUpload is called when the reply has begun. Usually the body has been
// sent by then. If not, both go on at once, but the client's connection ends
// with this reply: nobody knows where the rest of the body will be.
func (f *flight) settleUpload() {
	u := f.upload
	if u == nil {
		return
	}
	if !u.last.Load() {
		f.refused = true
		return
	}
	if err := <-u.done; err != nil {
		f.up.head.close = true
	}
	f.access.BytesIn = u.sent
	f.upload = nil
}

// endUpload ends an upload, by force if need be, and returns its error.
func (f *flight) endUpload() error {
	u := f.upload
	if u == nil {
		return nil
	}
	f.upload = nil
	f.up.head.close = true
	var err error
	select {
	case err = <-u.done:
	default:
		f.refused = true
		_ = f.up.Conn.Close()
		_ = f.conn.Conn.SetReadDeadline(past())
		err = <-u.done
	}
	f.access.BytesIn = u.sent
	return err
}
