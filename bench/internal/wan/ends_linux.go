package wan

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	mtu     = 1500    // bytes
	backlog = 1 << 16 // packets on their way
	tunPath = "/dev/net/tun"

	// From linux/if_tun.h: IP packets without a header of the device's.
	tunSetIff     = 0x400454ca
	tunPlain      = 0x0001 | 0x1000
	interfaceName = 16 // bytes of a name in ifreq, and of the whole 40
)

// Ends are the two namespaces of a link.
type Ends struct {
	Near, Far string // their names
	devices   []*os.File
	all       sync.WaitGroup
}

// Missing returns what this system lacks for links, nil for nothing.
func Missing() error {
	if os.Geteuid() != 0 {
		return errors.New("long links need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return err
	}
	_, err := os.Stat(tunPath)
	return err
}

// Join makes two namespaces and lets packets through the link between them. Close
// ends it.
func Join(l Link) (e *Ends, err error) {
	prefix := fmt.Sprintf("shoal%d", os.Getpid())
	e = &Ends{Near: prefix + "a", Far: prefix + "b"}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	for _, end := range [][3]string{{e.Near, Near, Far}, {e.Far, Far, Near}} {
		f, err := makeEnd(end[0], end[1], end[2])
		if err != nil {
			return e, err
		}
		e.devices = append(e.devices, f)
	}
	for i := range others {
		if err := ip("-n", e.Near, "addr", "add", Another(i)+"/32", "dev", e.Near); err != nil {
			return e, err
		}
	}
	if err := ip("-n", e.Far, "route", "add", nearOthers, "dev", e.Far); err != nil {
		return e, err
	}
	e.all.Go(func() { carry(l, e.devices[0], e.devices[1]) })
	e.all.Go(func() { carry(l, e.devices[1], e.devices[0]) })
	return e, nil
}

// Close removes the namespaces.
func (e *Ends) Close() error {
	for _, f := range e.devices {
		f.Close()
	}
	e.all.Wait()
	return errors.Join(ip("netns", "del", e.Near), ip("netns", "del", e.Far))
}

// makeEnd makes one end: a namespace with a device of the same name, whose packets are
// read from and written to the file.
func makeEnd(name, own, other string) (*os.File, error) {
	fd, err := syscall.Open(tunPath, syscall.O_RDWR|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	var request [40]byte
	copy(request[:interfaceName-1], name)
	*(*uint16)(unsafe.Pointer(&request[interfaceName])) = tunPlain
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), tunSetIff, uintptr(unsafe.Pointer(&request))); e != 0 {
		syscall.Close(fd)
		return nil, fmt.Errorf("%s: %w", tunPath, e)
	}
	f := os.NewFile(uintptr(fd), name)
	for _, args := range []string{
		"netns add NAME",
		"link set NAME netns NAME",
		"-n NAME addr add " + own + " peer " + other + " dev NAME",
		"-n NAME link set lo up",
		fmt.Sprintf("-n NAME link set NAME up mtu %d txqueuelen 10000", mtu),
	} {
		if err := ip(strings.Fields(strings.ReplaceAll(args, "NAME", name))...); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// A packet is on its way until its time.
type packet struct {
	due  time.Time
	data []byte
}

// carry takes packets from one end to the other until a device is closed.
func carry(l Link, from, to *os.File) {
	way := make(chan packet, backlog)
	var all sync.WaitGroup
	all.Go(func() {
		for p := range way {
			time.Sleep(time.Until(p.due))
			to.Write(p.data) // a packet that the device does not take is lost
		}
	})
	line := line{Link: l}
	for {
		b := make([]byte, mtu)
		n, err := from.Read(b)
		if err != nil {
			break
		}
		if due, ok := line.admit(time.Now(), n); ok {
			way <- packet{due, b[:n]}
		}
	}
	close(way)
	all.Wait()
}
