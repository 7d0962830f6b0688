// Starts the page: defining the shell's element draws it.
import './components/app.ts';
