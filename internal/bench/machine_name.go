package bench

import "strings"

// ProcessorName is what the system calls the processor; "" where it does not say.
func ProcessorName() string { return strings.Join(strings.Fields(processorName()), " ") }

// modelName finds the name in the text of /proc/cpuinfo.
func modelName(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return value
		}
	}
	return ""
}
