//! The style sheet and the script are built by npm and embedded: without them there is no console.

use std::path::Path;

fn main() {
    for file in ["style.css", "script.js"] {
        let built = Path::new("dist").join(file);
        println!("cargo::rerun-if-changed={}", built.display());
        assert!(built.is_file(), "crates/web/dist/{file} is not there: build it with `make front`");
    }
}
