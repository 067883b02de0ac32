// Empty on purpose: see the target of the same name in binding.gyp.
typedef int millrace_needs_nothing_here;
