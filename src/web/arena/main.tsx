import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/panes.css';
import '../styles/entrance.css';
import '../styles/arena.css';
import '../styles/scorebug.css';
import '../styles/feed.css';
import '../styles/reveal.css';
import { mountPage } from '../shared/mount-page.tsx';
import { storeViewer } from '../shared/viewer.ts';
import { Arena } from './arena.tsx';

mountPage(<Arena />, () => storeViewer(undefined));
