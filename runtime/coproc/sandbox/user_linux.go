package sandbox

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// setUser decides whom the program runs as.
func (p *params) setUser(asked string) error {
	p.UID, p.GID, p.Named = -1, -1, asked != ""
	uid, gid, err := lookUser(asked)
	switch {
	case err != nil:
		return err
	case os.Geteuid() == 0:
		p.UID, p.GID = uid, gid
	case asked != "" && uid != os.Geteuid():
		p.Lacking = append(p.Lacking, "user: only root can start a program as another user")
	}
	return nil
}

// lookUser returns the numbers of a user: a name, a number, or two of them
// with a colon between.
func lookUser(asked string) (uid, gid int, err error) {
	if asked == "" {
		return defaultUser, defaultUser, nil
	}
	name, group, _ := strings.Cut(asked, ":")
	uid, err = strconv.Atoi(name)
	if err == nil {
		if group == "" {
			return uid, uid, nil
		}
		gid, err = strconv.Atoi(group)
		return uid, gid, err
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, fmt.Errorf("user %q: %w", asked, err)
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}
