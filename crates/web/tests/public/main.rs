//! The public pages as a browser, a mail program and a stranger meet them: by their own router, before a program that writes
//! down what it is asked for.

mod forms;
mod limits;
mod looking;
mod one_click;
mod pages;
mod site;
