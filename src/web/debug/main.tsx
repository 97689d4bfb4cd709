import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/panes.css';
import '../styles/tools.css';
import '../styles/debug.css';
import '../styles/frames.css';
import { mountPage } from '../shared/mount-page.tsx';
import { storeViewer } from '../shared/viewer.ts';
import { Debugger } from './debugger.tsx';

mountPage(<Debugger />, () => storeViewer(undefined));
