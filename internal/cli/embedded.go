package cli

import "errors"

// embedded is the model inside the program.
func (s *system) embedded() (place, error) {
	return place{}, errors.New("this build has no model inside; give a folder with -m")
}
