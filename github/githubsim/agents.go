package githubsim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrGone means that GitHub does not know the runner: deleted, idled out, or done.
var ErrGone = errors.New("the runner registration has been deleted from the server")

// ErrConnected means that the runner is online already: two machines hold one config.
var ErrConnected = errors.New("a session for this runner already exists")

// Connect is a listener that starts with a JIT config: the runner is online and idle from now on. The error is
// ErrGone or ErrConnected, or says what is wrong with the config.
func (s *Server) Connect(encodedJITConfig string) (RunnerID, error) {
	id, clientID, err := identityIn(encodedJITConfig)
	if err != nil {
		return 0, err
	}
	s.do(func() {
		if r := s.runners[id]; r == nil || r.clientID != clientID {
			err = fmt.Errorf("connect runner %d: %w", id, ErrGone)
			return
		}
		err = s.listen(id)
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// Registration is what config.sh asks for.
type Registration struct {
	Name      string
	Group     string // by name; Default if empty
	Labels    []string
	Ephemeral bool
}

// Register is config.sh with a registration token. The runner is offline until Listen.
func (s *Server) Register(token string, what Registration) (RunnerID, error) {
	var id RunnerID
	var err error
	s.do(func() { id, err = s.configure(token, what) })
	if err != nil {
		return 0, fmt.Errorf("register runner %s: %w", what.Name, err)
	}
	return id, nil
}

func (s *Server) configure(token string, what Registration) (RunnerID, error) {
	known, ok := s.registrations[token]
	if !ok || !s.cfg.Now().Before(known.expires) {
		return 0, errors.New("invalid or expired registration token")
	}
	if known.at.names[strings.ToLower(what.Name)] != nil {
		return 0, errors.New("a runner exists with the same name")
	}
	for _, g := range groupsOf(known.at) {
		if g.Name == what.Group || what.Group == "" && g.ID == 1 {
			return s.register(known.at, registrationOf{what.Name, g, what.Labels, what.Ephemeral}).id, nil
		}
	}
	return 0, errors.New("no runner group " + what.Group)
}

// Listen is a listener that starts with a registration it has: a standing runner after its machine was started. The
// error is ErrGone or ErrConnected.
func (s *Server) Listen(id RunnerID) error {
	var err error
	s.do(func() { err = s.listen(id) })
	return err
}

func (s *Server) listen(id RunnerID) error {
	r := s.runners[id]
	if r == nil {
		return fmt.Errorf("connect runner %d: %w", id, ErrGone)
	}
	if r.online && r.alive || r.job != nil {
		return fmt.Errorf("connect runner %d: %w", id, ErrConnected)
	}
	s.leaveIdle(r) // a vanished machine may have come back before anybody noticed
	r.seen, r.online, r.alive, r.leaving = true, true, true, false
	s.becomeIdle(r)
	return nil
}

// Vanish is the end of a machine without a word. Its runner shows online a little longer. Its job, if it runs one,
// fails when the lock of the job runs out.
func (s *Server) Vanish(id RunnerID) {
	s.do(func() {
		r := s.runners[id]
		if r == nil || !r.alive {
			return
		}
		r.alive = false
		r.epoch++
		s.after(s.cfg.Times.Offline, func() {
			if !r.alive && r.online { // it may have come back, or be assigned a job meanwhile
				s.goOffline(r)
			}
		})
		if j := r.job; j != nil && j.status == inProgress {
			j.epoch++
			s.endAfter(j, s.lockLeft(j), failure)
		}
	})
}

// lockLeft is how long the lock of a running job still holds: it was renewed at each full period since the start.
func (s *Server) lockLeft(j *job) time.Duration {
	return s.cfg.Times.Lock - s.cfg.Now().Sub(j.started)%s.cfg.Times.Renewal
}

// Shutdown is SIGINT to the listener. A job that runs fails within ten seconds and is reported. A runner that is idle, or
// not ephemeral, goes offline and stays registered.
func (s *Server) Shutdown(id RunnerID) {
	s.do(func() {
		r := s.runners[id]
		if r == nil || !r.alive {
			return
		}
		if j := r.job; j != nil && j.status == inProgress {
			j.epoch++
			r.leaving = true
			s.endAfter(j, s.interrupt("interrupt", j), failure)
			return
		}
		r.alive = false
		s.goOffline(r)
	})
}

// interrupt draws how long a job takes to stop when it is asked to.
func (s *Server) interrupt(kind string, j *job) time.Duration {
	most := s.cfg.Times.Interrupt
	return s.between(most/2, most, draws{kind, strconv.FormatInt(int64(j.id), 10)})
}

func (s *Server) goOffline(r *runner) {
	s.leaveIdle(r)
	r.online = false
	r.epoch++
	s.expireUnconnected(r)
}

// becomeIdle makes an online runner wait for a job.
func (s *Server) becomeIdle(r *runner) {
	r.job = nil
	r.epoch++
	s.idle = append(s.idle, r)
	s.after(s.dispatchDelay("runner", int64(r.id)), func() { s.whenUp(func() { s.offer(r) }) })
	if limit := s.cfg.Times.IdleRemoval; limit > 0 && r.ephemeral {
		epoch := r.epoch
		s.after(limit, func() {
			if r.epoch == epoch {
				s.remove(r)
				s.release(r, IdledOut)
			}
		})
	}
}

// release tells the listener of a runner, if it still lives, that it ends.
func (s *Server) release(r *runner, why Release) {
	if !r.alive || s.cfg.OnRelease == nil {
		return
	}
	r.alive = false
	s.after(time.Second, func() {
		s.hooks = append(s.hooks, func() { s.cfg.OnRelease(r.id, why) })
	})
}

// Registered is a runner as GitHub lists it.
type Registered struct {
	ID     RunnerID
	Name   string
	Scope  string // login, or full name of a repository
	Online bool
	Job    JobID // 0 if none
}

// Runners gives all registrations, oldest first.
func (s *Server) Runners() []Registered {
	var out []Registered
	s.do(func() {
		for _, r := range s.runners {
			seen := Registered{ID: r.id, Name: r.name, Scope: r.scope.key, Online: r.online}
			if r.job != nil {
				seen.Job = r.job.id
			}
			out = append(out, seen)
		}
	})
	slices.SortFunc(out, func(a, b Registered) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
