{
  "variables": {
    # node-rdkafka brings librdkafka's headers and, once its own install step has run, the library.
    "librdkafka_dir": "<!(node -p \"require('path').dirname(require.resolve('node-rdkafka/package.json'))\")",
    # From build/Release, where the addon stands, to the library: relative, so that the tree may be moved.
    "librdkafka_rpath": "<!(node -p \"require('path').relative(require('path').resolve('build/Release'), require('path').join(require('path').dirname(require.resolve('node-rdkafka/package.json')), 'build/deps'))\")",
  },
  "targets": [
    {
      # npm runs install steps side by side, so node-rdkafka may still be compiling librdkafka when this links.
      # A stand-in of the same name satisfies the linker; at run time the rpath, searched first, has the real one.
      "target_name": "librdkafka_stand_in",
      "type": "shared_library",
      "product_prefix": "",
      "product_name": "librdkafka",
      "product_extension": "so.1",
      "sources": ["native/librdkafka_stand_in.c"],
    },
    {
      "target_name": "millrace",
      "dependencies": ["librdkafka_stand_in"],
      "sources": [
        "<!@(node -p \"['sources', 'addon-sources'].flatMap(l => require('fs').readFileSync('native/' + l + '.txt', 'utf8').trim().split('\\n')).map(f => 'native/' + f).join(' ')\")"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")", "<(librdkafka_dir)/deps/librdkafka/src"],
      # In a worker that is being terminated any call into JavaScript may fail: that must not abort the process.
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc!": ["-fno-exceptions"],
      "cflags_cc": ["-std=c++17", "-O3", "-Wall", "-Wextra", "-Wno-ignored-qualifiers", "-fvisibility=hidden"],
      "ldflags": [
        "-Wl,-rpath,'$$ORIGIN/<(librdkafka_rpath)'",
        # The stand-in has no symbols, and some distributions drop libraries that look unused.
        "-Wl,--no-as-needed",
        # librdkafka's threads may still return through our code while the environment goes.
        "-Wl,-z,nodelete",
      ],
    },
  ],
}
